import type { Command } from "commander";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startReplica } from "../../examples/finviz/replica/server.ts";
import { describeCommands } from "../../src/cli/command-line.ts";
import { rows } from "./every/rows.ts";
import { differences, promisedShapes } from "./every/shapes.ts";
import { millrace, project, runCommand } from "./project.ts";
import { inTerminal } from "./terminal.ts";

const scraper = new URL("../../examples/finviz/finviz-scraper.ts", import.meta.url).pathname;
const pipelines = `import { between, definePipeline } from ${millrace};
export const daily = definePipeline({ name: "daily", undoable: true, schedule: { cron: "0 18 * * *", zone: "UTC" }, copy: { from: "csv:prices", to: "csv:kept" } });
export const flaky = definePipeline({ name: "flaky", steps: [() => { if (!process.env.MENDED) throw new Error("not yet"); }] });
export const steady = definePipeline({ name: "steady", copy: { from: "csv:trades", to: "csv:trades_kept", incremental: { cursor: "ts" } } });
export const checked = definePipeline({ name: "checked", checks: { price: between(0, 2) }, onFail: "quarantine", copy: { from: "csv:prices", to: "csv:checked" } });
`;

let folder: Awaited<ReturnType<typeof project>>;
let replica: Awaited<ReturnType<typeof startReplica>>;
const env = { DB_EMBEDDED: "always", DB_IDLE: "30s" };

/** One prepared folder for all of them: two runs, one of which failed, and a row that was put aside. */
beforeAll(async () => {
  replica = await startReplica({ stocks: 20 });
  folder = await project({
    "data/prices.csv": "id,price\n1,1.5\n2,2.5\n",
    "data/trades.csv": "ts,price\n2024-01-02T00:00:00Z,1\n",
    "pipeline.ts": pipelines,
    "package.json": '{ "type": "module" }',
    "millrace.config.json": JSON.stringify({ FINVIZ_URL: replica.url }),
  });
  for (const name of ["steady", "checked", "daily"]) {
    await run(["run", "pipeline.ts", "--pipeline", name]);
  }
});
afterAll(async () => {
  await run(["stop", "--force"]);
  await replica.close();
  await folder[Symbol.asyncDispose]();
});

const run = (args: readonly string[], more: Readonly<Record<string, string>> = {}) =>
  folder.run(args, { ...env, ...more });
const table = rows(scraper);
const commands = leavesOf(describeCommands());
const promised = promisedShapes();

function leavesOf(command: Command, path: readonly string[] = []): string[] {
  return command.commands.flatMap((each) => {
    const own = [...path, each.name()];
    return each.commands.length > 0 ? leavesOf(each, own) : [own.join(" ")];
  });
}

test("each command has a row here, and its JSON stands in docs/cli.md", () => {
  expect(Object.keys(table).sort()).toEqual(commands.toSorted());
  const withJson = Object.entries(table).filter(([, { text }]) => !text);
  expect([...promised.keys()].sort()).toEqual(withJson.map(([name]) => name).sort());
});

test.each(Object.keys(table))("millrace %s works in a terminal and in a pipe", async (name) => {
  const row = table[name];
  if (!row) throw new Error(name);
  const { args, env: own = {}, code = 0, until, answers = [] } = row;
  const shown = until === undefined ? answers : [{ wait: new RegExp(until), type: "\u0003" }];
  const prepared = async () => {
    const id = row.before && /"id": "(.*)"/.exec((await run([...row.before, "--json"])).stdout)?.[1];
    return args.map((arg) => (arg === "RUN" ? (id as string) : arg));
  };
  const terminal = await inTerminal(await prepared(), folder.path, shown, { ...env, ...own });
  expect(terminal.screen).toMatch(row.shown);
  expect(terminal.code).toBe(code);

  const fresh = (await prepared()).map((arg) => (arg === "made" ? "piped" : arg));
  const asJson = row.text ? fresh : [...fresh, ...(row.inPipe ?? []), "--json"];
  const piped = await runCommand(asJson, folder.path, { ...process.env, ...env, ...own, NO_COLOR: "" }, until);
  expect({ code: piped.code, stderr: piped.code === code ? "" : piped.stderr }).toEqual({ code, stderr: "" });
  expect(piped.stdout + piped.stderr).not.toContain("\u001b[");
  if (row.text) return expect(piped.stdout).toMatch(row.shown);
  const shape = promised.get(name);
  expect(shape && differences(JSON.parse(piped.stdout), shape)).toEqual([]);
});
