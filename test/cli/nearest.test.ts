import { afterAll, beforeAll, expect, test } from "vitest";
import { millrace, project } from "./project.ts";

let here: Awaited<ReturnType<typeof project>>;
let run = "";

beforeAll(async () => {
  here = await project({
    "data/prices.csv": "id,price\n1,2.5\n",
    "pipelines/daily.ts": `import { definePipeline } from ${millrace};
export const daily = definePipeline({ name: "daily", copy: { from: "csv:prices", to: "csv:kept", backup: "csv" } });
export const weekly = definePipeline({ name: "weekly", copy: { from: "csv:prices", to: "temp" } });`,
    "package.json": '{ "type": "module" }',
    "millrace.config.json": JSON.stringify({ services: { orders: {} } }),
  });
  for (let i = 0; i < 2; i += 1) {
    const ran = await here.run(["run", "pipelines/daily.ts", "--pipeline", "daily", "--json"]);
    run = JSON.parse(ran.stdout).id;
  }
});
afterAll(() => here[Symbol.asyncDispose]());

const near = "pipelines/daily.ts";

test.each<[string, (id: string) => string[], RegExp]>([
  ["command", () => ["shwo", "csv:prices"], /`millrace show`/],
  ["command of a group", () => ["queue", "statsu"], /`millrace queue status`/],
  ["option", () => ["copy", "csv:prices", "temp", "--verfy"], /`--verify`/],
  ["storage", () => ["list", "arctc"], /"arctic"/],
  ["frame", () => ["show", "csv:prcies"], /"prices.csv"/],
  ["storage to copy to", () => ["copy", "csv:prices", "tmep"], /"temp"/],
  ["way to save", () => ["copy", "csv:prices", "temp", "--mode", "apend"], /`append`/],
  ["pipeline", () => ["run", near, "--pipeline", "dayly"], /"daily"/],
  ["file", () => ["run", "pipelines/dialy.ts"], /pipelines\/daily\.ts\?/],
  ["file, given by its name in pipelines/,", () => ["run", "dialy"], /next .*pipelines\/daily\.ts/],
  ["source", () => ["run", near, "--pipeline", "daily", "--source", "prics"], /"prices"/],
  ["run to look at", (id) => ["runs", `${id.slice(0, -1)}x`], /Did you mean "\d+-\d+-\w+"/],
  ["run to undo", (id) => ["undo", near, `${id.slice(0, -1)}x`, "--pipeline", "daily"], /Did you mean "\d+-\d+-\w+"/],
  ["run to go on with", (id) => ["resume", near, `${id.slice(0, -1)}x`, "--pipeline", "daily"], /Did you mean "\d+/],
  ["backup", () => ["backup", "verify", "csv:kpt"], /"csv:kept/],
  ["shell", () => ["completion", "bsh"], /`bash`/],
  ["storage of a new service", () => ["init", "made", "--storage", "postgers", "--no-install"], /`postgres`/],
  ["folder of a service", () => ["serve", "pipelins", "--port", "0"], /Did you mean pipelines\?/],
  ["service of the config", () => ["list", "csv", "--service", "ordrs"], /services\.ordrs\. Did you mean .*orders/],
])("a mistyped %s gets the nearest", async (_, args, nearest) => {
  const { stderr } = await here.run(args(run));
  expect(stderr).toMatch(nearest);
});
