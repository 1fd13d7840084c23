import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { exitCodes } from "../../src/cli/report-error.ts";
import { project } from "./project.ts";

const down = { DB_SERVER: "127.0.0.1", DB_PORT: "1", DB_PASSWORD: "t0psecret" };

test.each([
  ["a misspelt command", ["lst"], 2, /There is no command "lst"/, /Did you mean `millrace list`\?/],
  ["a misspelt option", ["list", "--jsn"], 2, /There is no option "--jsn"/, /Did you mean `--json`\?/],
  ["a missing argument", ["show"], 2, /Missing required argument 'frame'/, /millrace show --help/],
  ["a frame without a storage", ["show", "prices"], 2, /"prices" is not the name of a frame/, /millrace list/],
  ["a wrong limit", ["show", "csv:x", "--limit", "-1"], 2, /'-1' is invalid/, /millrace show --help/],
  ["an unknown storage", ["list", "postgers"], 2, /Did you mean "postgres"\?/, /register/],
  ["a name that escapes", ["show", "csv:../x"], 2, /\.\.\/x/, /./],
  ["a missing frame", ["show", "csv:pricse"], 3, /prices\.csv/, /millrace list/],
  [
    "a pipeline that can't be loaded",
    ["run", "broken.ts"],
    4,
    /broken\.ts can't be loaded: .*nowhere-to-be-found/,
    /Mend it/,
  ],
  ["a prune without a rule", ["backup", "prune", "csv"], 2, /No rule/, /--keep-last/],
  ["a server that is down", ["list", "postgres"], 5, /127\.0\.0\.1/, /./],
])("%s is told in three lines, with nothing on stdout and its own exit code", async (_, args, code, what, next) => {
  await using here = await project({ "data/prices.csv": "a\n1\n", "broken.ts": 'import "nowhere-to-be-found";' }, down);
  const printed = await here.run(args);
  expect(printed).toMatchObject({ code, stdout: "" });
  const lines = printed.stderr.trimEnd().split("\n");
  expect(lines).toHaveLength(3);
  expect(lines[0]).toMatch(/^error /);
  expect(lines[0]).toMatch(what);
  expect(lines[1]).toMatch(/^why {3}./);
  expect(lines[2]).toMatch(/^next {2}./);
  expect(lines[2]).toMatch(next);
  expect(printed.stderr).not.toContain("t0psecret");
});

test("docs/cli.md has every exit code", () => {
  const text = readFileSync(new URL("../../docs/cli.md", import.meta.url), "utf8").split("## Exit codes")[1] ?? "";
  const listed = [...text.matchAll(/^\| (\d+) \|/gm)].map(([, code]) => Number(code));
  expect(listed).toEqual(Object.values(exitCodes));
});

test("with --json an error is one line of JSON on stderr", async () => {
  await using here = await project({ "data/prices.csv": "a\n1\n" });
  const { code, stdout, stderr } = await here.run(["show", "csv:pricse", "--json"]);
  expect({ code, stdout }).toEqual({ code: 3, stdout: "" });
  expect(JSON.parse(stderr)).toMatchObject({ error: { code: "FRAME_NOT_FOUND", next: expect.any(String) } });
});

test("wrong settings are told with the place they came from, as exit code 4", async () => {
  await using here = await project();
  const { code, stderr } = await here.run(["list", "csv"], { DB_POOL: "lots" });
  expect(code).toBe(4);
  expect(stderr).toContain(
    'DB_POOL: expected a whole number from 1 to 100, not "lots" (from environment variable DB_POOL)',
  );
});

test("list of all storages prints those that answer and takes its exit code from one that does not", async () => {
  await using here = await project({ "data/prices.csv": "a\n1\n" }, down);
  const { code, stdout, stderr } = await here.run(["list"]);
  expect(code).toBe(5);
  expect(stdout).toBe("csv:prices.csv\n");
  expect(stderr).toContain("127.0.0.1");
});

test("a broken app config is warned of, and the command goes on with the fallback", async () => {
  await using here = await project({ "millrace.config.mjs": "throw new Error('no vault')", "data/x.csv": "a\n1\n" });
  const { code, stdout, stderr } = await here.run(["list", "csv"]);
  expect({ code, stdout }).toEqual({ code: 0, stdout: "csv:x.csv\n" });
  expect(stderr).toContain("no vault");
});

test("--service picks a service's section of the app's config", async () => {
  await using here = await project({
    "millrace.config.json": '{ "services": { "prices": { "FS_DATA": "./elsewhere" } } }',
    "elsewhere/x.csv": "a\n1\n",
  });
  expect((await here.run(["list", "csv", "--service", "prices"])).stdout).toBe("csv:x.csv\n");
  expect((await here.run(["list", "csv"])).stdout).toBe("");
});

test("help and version go to stdout, and no command at all is a wrong command line", async () => {
  await using here = await project();
  const help = await here.run(["--help"]);
  expect(help).toMatchObject({ code: 0, stderr: "" });
  expect(help.stdout).toMatch(/run.*list.*show.*doctor.*More commands:.*ps.*stop/s);
  expect(await here.run(["--version"])).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(/^\d+\.\d+\.\d+\S*\n$/),
  });
  expect(await here.run([])).toMatchObject({ code: 2, stdout: "", stderr: help.stdout });
});
