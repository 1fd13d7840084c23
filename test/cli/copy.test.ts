import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { project } from "./project.ts";

const prices = "id,price\n9007199254740993,2.5\n2,\n";

test("copy takes a frame to several storages at once, and --verify compares every row", async () => {
  await using here = await project({ "data/prices.csv": prices });
  const copied = await here.run(["copy", "csv:prices", "temp", "csv:second", "--verify", "--json"]);
  expect(copied).toMatchObject({ code: 0, stderr: "" });
  expect(JSON.parse(copied.stdout)).toEqual({
    from: "csv:prices",
    rows: 2,
    to: ["temp:prices", "csv:second"],
    verified: true,
  });
  expect(JSON.parse((await here.run(["diff", "csv:prices", "temp:prices", "--json"])).stdout)).toMatchObject({
    equal: true,
  });
  const upserted = await here.run(["copy", "csv:prices", "temp:prices", "--mode", "upsert", "--key", "id"]);
  expect(upserted).toEqual({ code: 0, stdout: "", stderr: "Copied 2 rows of csv:prices to temp:prices.\n" });
});

test.each([
  [["copy", "csv:prices", "csv:prices"], 4, /onto itself/],
  [["copy", "csv:nothing", "temp"], 3, /nothing/],
  [["copy", "csv:prices", "temp", "--mode", "overwrite"], 2, /no mode "overwrite"/],
  [["copy", "csv:prices", "temp", "--mode", "append", "--verify"], 2, /--verify/],
])("%j is refused", async (args, code, what) => {
  await using here = await project({ "data/prices.csv": prices });
  const refused = await here.run(args);
  expect(refused).toMatchObject({ code, stdout: "" });
  expect(refused.stderr).toMatch(what);
});

test("migrate copies and compares every frame, leaves out what was done before, and copies again what has changed", async () => {
  await using here = await project({ "data/a.csv": prices, "data/b.csv": prices });
  const first = await here.run(["migrate", "csv", "temp", "--json"]);
  expect(JSON.parse(first.stdout)).toMatchObject([{ skipped: false }, { skipped: false }]);
  expect((await here.run(["list", "temp"])).stdout).toBe("temp:a\ntemp:b\n");
  await writeFile(join(here.path, "data/a.csv"), `${prices}3,1\n`);
  expect((await here.run(["migrate", "csv", "temp"])).code).toBe(2);
  const second = JSON.parse((await here.run(["migrate", "csv", "temp", "--yes", "--json"])).stdout);
  expect(second).toEqual([
    { name: "a.csv", rows: 3, skipped: false },
    { name: "b.csv", rows: 0, skipped: true },
  ]);
  expect(await readFile(join(here.path, "data/a.csv"), "utf8")).toBe(`${prices}3,1\n`);
});
