import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { project } from "./project.ts";

test("rm removes a frame only when told to, and says when there is none", async () => {
  await using here = await project({ "data/prices.csv": "a\n1\n" });
  const asked = await here.run(["rm", "csv:prices"]);
  expect(asked).toMatchObject({ code: 2, stdout: "" });
  expect(asked.stderr).toContain("--yes");
  expect(await here.run(["rm", "csv:prices", "--yes"])).toEqual({
    code: 0,
    stdout: "",
    stderr: "Removed csv:prices.\n",
  });
  expect((await here.run(["rm", "csv:prices", "--yes"])).code).toBe(3);
  expect((await here.run(["list", "csv"])).stdout).toBe("");
});

test("config prints each value with its origin, and hides secrets", async () => {
  await using here = await project(
    { "millrace.config.json": '{ "FS_TEMP": "./elsewhere", "COLOUR": "red" }' },
    { DB_PASSWORD: "t0psecret", DB_PORT: "5433" },
  );
  const printed = await here.run(["config", "--json"]);
  expect(printed.stdout).not.toContain("t0psecret");
  const values = new Map(JSON.parse(printed.stdout).map((each: { name: string }) => [each.name, each]));
  expect(values.get("DB_PORT")).toMatchObject({ value: 5433, origin: "environment variable DB_PORT" });
  expect(values.get("FS_TEMP")).toMatchObject({ origin: expect.stringContaining("millrace.config.json") });
  expect(values.get("COLOUR")).toMatchObject({ value: "red" });
  expect(values.get("ARCTIC_BUCKET")).toMatchObject({ value: null, origin: "not set" });
  expect((await here.run(["config"])).stdout).toMatch(/^DB_PASSWORD +\[hidden\] +environment variable DB_PASSWORD$/m);
});

test.each([
  [
    ["millrace", ""],
    ["list", "backup", "completion", "--json"],
  ],
  [
    ["millrace", "backup", ""],
    ["create", "restore", "prune"],
  ],
  [
    ["millrace", "backup", "prune", "--keep"],
    ["--keep-last", "--keep-daily"],
  ],
  [["millrace", "show", "csv:prices", "--l"], ["--limit"]],
])("the completion for bash of %j has %j", async (words, wanted) => {
  await using here = await project();
  const { stdout: script } = await here.run(["completion", "bash"]);
  const list = words.map((word) => `"${word}"`).join(" ");
  const ask = `${script}\nCOMP_WORDS=(${list}); COMP_CWORD=${words.length - 1}; _millrace; printf '%s\\n' "\${COMPREPLY[@]}"`;
  const { stdout } = await promisify(execFile)("bash", ["-c", ask]);
  expect(stdout.split("\n")).toEqual(expect.arrayContaining(wanted));
});
