import { existsSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { millrace, project } from "./project.ts";
import { inTerminal } from "./terminal.ts";

const files = {
  "data/prices.csv": "id,price\n1,2.5\n2,\n",
  "pipeline.ts": `import { definePipeline } from ${millrace};
export default definePipeline({ name: "daily", copy: { from: "csv:prices", to: "temp" } });\n`,
  "package.json": '{ "type": "module" }',
};

test.each([
  [["--help"], /init.*run.*plan.*list.*show.*copy.*serve.*More commands:/s],
  [["list", "csv"], /csv:prices\.csv/],
  [["show", "csv:prices"], /\[1mcolumn/],
  [["copy", "csv:prices", "temp"], /Copied 2 rows of csv:prices to temp:prices/],
  [["run", "pipeline.ts"], /daily.*done/s],
  [["plan", "pipeline.ts"], /temp:prices/],
  [["runs", "pipeline.ts"], /daily has not been run/],
  [["diff", "csv:prices", "csv:prices"], /./],
  [["backup", "list"], /There is no backup/],
  [["config"], /FS_DATA/],
  [["ps"], /No helper process/],
])("in a terminal, %j is shown", async (args, shown) => {
  await using here = await project(files);
  const { code, screen } = await inTerminal(args, here.path);
  expect(screen).toMatch(shown);
  expect(code).toBe(0);
});

test("in a terminal a command that can't be taken back asks first", async () => {
  await using here = await project(files);
  const no = await inTerminal(["rm", "csv:prices"], here.path, [{ wait: "[y/N]", type: "n\n" }]);
  expect(no.screen).toContain("Nothing was removed");
  expect(existsSync(join(here.path, "data/prices.csv"))).toBe(true);
  const yes = await inTerminal(["rm", "csv:prices"], here.path, [{ wait: "[y/N]", type: "y\n" }]);
  expect(yes).toMatchObject({ code: 0, screen: expect.stringContaining("Removed csv:prices") });
  expect(existsSync(join(here.path, "data/prices.csv"))).toBe(false);
});

test("in a terminal init asks where results go", async () => {
  await using here = await project();
  const made = await inTerminal(["init", "x", "--no-install"], here.path, [{ wait: "[1]", type: "2\n" }]);
  expect(made.code).toBe(0);
  expect(made.screen).toContain("Next: cd x && npm install && npm start");
  expect(existsSync(join(here.path, "x/pipelines/daily.ts"))).toBe(true);
});

test("Ctrl-C undoes a copy, says so, and is told by the exit code", async () => {
  const rows = Array.from({ length: 400_000 }, (_, i) => `${i},${i / 7},text ${i}`).join("\n");
  await using here = await project({ "data/large.csv": `id,value,note\n${rows}\n` });
  const copied = await inTerminal(["copy", "csv:large", "csv:copied"], here.path, [
    { wait: "Copying", type: "\u0003" },
  ]);
  expect(copied).toMatchObject({ code: 130, screen: expect.stringContaining("what was begun is undone") });
  expect(existsSync(join(here.path, "data/copied.csv"))).toBe(false);
});

test("Ctrl-C ends a run that is shown live: it says so, and the run is stopped and can be gone on with", async () => {
  const rows = Array.from({ length: 400_000 }, (_, i) => `${i},${i / 7},text ${i}`).join("\n");
  await using here = await project({ ...files, "data/prices.csv": `id,value,note\n${rows}\n` });
  const ran = await inTerminal(["run", "pipeline.ts"], here.path, [{ wait: "0/1 source", type: "\u0003" }]);
  expect(ran.screen).toMatch(/daily is stopped: .*What was begun is undone; `resume` goes on with it/);
  // Ended by SIGINT itself, as the terminal's own program tells it.
  expect(ran.code).toBe(-2 & 0xff);
  const { stdout } = await here.run(["runs", "--json"]);
  expect(JSON.parse(stdout)).toMatchObject([{ pipeline: "daily", state: "stopped" }]);
});

test.each([
  [["rm", "csv:prices"], "[y/N]", "Nothing was removed"],
  [["init", "x", "--no-install"], "[1]", "Nothing was written"],
])("Ctrl-C at the question of %j changes nothing, and is told by the exit code", async (args, wait, said) => {
  await using here = await project(files);
  const left = await inTerminal(args, here.path, [{ wait, type: "\u0003" }]);
  expect(left).toMatchObject({ code: 130, screen: expect.stringContaining(said) });
  expect(left.screen).not.toContain("may be a bug");
  expect(existsSync(join(here.path, "data/prices.csv"))).toBe(true);
  expect(existsSync(join(here.path, "x"))).toBe(false);
});

test("Ctrl-C ends serve cleanly", async () => {
  await using here = await project(files);
  const served = await inTerminal(["serve", "--port", "0"], here.path, [{ wait: "Serving at", type: "\u0003" }]);
  expect(served).toMatchObject({ code: 0, screen: expect.stringContaining("Ending.") });
});
