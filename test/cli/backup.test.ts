import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { project } from "./project.ts";

const prices = "id,price\n1,2.5\n2,\n";

test("a frame is backed up, listed, checked, proven and brought back under its own or another storage's name", async () => {
  await using here = await project({ "data/prices.csv": prices });
  const made = await here.run(["backup", "create", "csv:prices"]);
  expect(made).toMatchObject({ code: 0, stderr: "" });
  const location = made.stdout.trim();

  const [listed] = JSON.parse((await here.run(["backup", "list", "--json"])).stdout);
  expect(listed).toMatchObject({ location, storage: "csv", source: "prices.csv", sequence: 1, rows: 2 });
  expect((await here.run(["backup", "list"])).stdout).toContain("csv:prices.csv@1");

  expect(await here.run(["backup", "verify", location])).toMatchObject({ code: 0, stdout: "" });
  expect(await here.run(["backup", "prove", "csv:prices@1"])).toMatchObject({ code: 0, stdout: "" });
  expect((await here.run(["backup", "list", "csv:prices"])).stdout).toContain("proven 20");

  const file = join(here.path, "data/prices.csv");
  await writeFile(file, "id,price\n9,9\n");
  expect(await here.run(["backup", "restore", location, "--yes"])).toMatchObject({ code: 0, stdout: "" });
  expect(await readFile(file, "utf8")).toBe(prices);
  // What stood there was backed up first.
  expect(JSON.parse((await here.run(["backup", "list", "csv", "--json"])).stdout)).toHaveLength(2);

  await here.run(["backup", "restore", "csv:prices@1", "--as", "csv:old", "--yes"]);
  expect(await readFile(join(here.path, "data/old.csv"), "utf8")).toBe(prices);
});

test("a damaged backup is told, and one that is not there too", async () => {
  await using here = await project({ "data/prices.csv": prices });
  const location = (await here.run(["backup", "create", "csv:prices"])).stdout.trim();
  const { files } = JSON.parse(await readFile(join(location, "manifest.json"), "utf8"));
  const file = join(location, files[0].name);
  const bytes = await readFile(file);
  bytes.writeUInt8(bytes.readUInt8(bytes.length - 1) ^ 1, bytes.length - 1);
  await writeFile(file, bytes);
  expect(await here.run(["backup", "verify", location])).toMatchObject({ code: 1, stdout: "" });
  expect(await here.run(["backup", "verify", "csv:nothing"])).toMatchObject({ code: 3, stdout: "" });
});

test("prune asks, takes --yes where nobody can be asked, and removes nothing with --dry-run", async () => {
  await using here = await project({ "data/prices.csv": prices });
  for (let i = 0; i < 3; i += 1) await here.run(["backup", "create", "csv"]);
  const count = async () => JSON.parse((await here.run(["backup", "list", "--json"])).stdout).length;
  const refused = await here.run(["backup", "prune", "csv", "--keep-last", "1"]);
  expect(refused).toMatchObject({ code: 2, stdout: "" });
  expect(refused.stderr).toContain("--yes");
  const planned = await here.run(["backup", "prune", "csv", "--keep-last", "1", "--dry-run"]);
  expect(planned.stdout.trim().split("\n")).toHaveLength(2);
  expect(await count()).toBe(3);
  await here.run(["backup", "prune", "csv", "--keep-last", "1", "--yes"]);
  expect(await count()).toBe(1);
});
