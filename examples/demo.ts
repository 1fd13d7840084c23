/** The three founding pipelines, one after the other, on stores that are embedded in ./demo-data. `--live` scrapes the real site. */
import { writeSync } from "node:fs";
import { copyFile, mkdir, writeFile } from "node:fs/promises";
import { relative } from "node:path";
import { fileURLToPath } from "node:url";
import { DataFactory, getConfigLogger, MillraceError } from "millrace";
import { csvToArctic } from "./csv-to-arctic.ts";
import { announce, whereToLook } from "./demo/places.ts";
import { print, runTasks, sayingLogger } from "./demo/progress.ts";
import { duration, stepTable } from "./demo/summary.ts";
import { type Step, watch } from "./demo/watch.ts";
import { startReplica } from "./finviz/replica/server.ts";
import { scrapeRankSave } from "./finviz/scrape-rank-save.ts";
import { oneFrameThreeStores } from "./one-frame-three-stores.ts";

const began = performance.now();
const live = process.argv.includes("--live");
const folder = process.env.MILLRACE_DEMO_DATA ?? fileURLToPath(new URL("../demo-data", import.meta.url));
const shown = relative(process.cwd(), folder).startsWith("..") ? folder : relative(process.cwd(), folder);
const settings = { FS_DATA: "./data", FS_TEMP: "./temp", DB_EMBEDDED: "always", LOG_LEVEL: "warn" };

// The demo's own config file lets the commands that are printed at the end find the same data.
await mkdir(`${folder}/data`, { recursive: true });
await writeFile(`${folder}/millrace.config.json`, `${JSON.stringify(settings, null, 2)}\n`);
await copyFile(
  new URL("../node_modules/vega-datasets/data/stocks.csv", import.meta.url),
  `${folder}/data/input_data.csv`,
);
process.chdir(folder);

const replica = live ? null : await startReplica();
const { config } = await getConfigLogger("demo", { ...settings, ...(replica && { FINVIZ_URL: replica.url }) });
const sites = replica ? `the replica of the screener (${replica.stocks.length} tickers), ${replica.url}` : "finviz.com";
await announce(config, folder, sites);

process.once("SIGINT", () => {
  // Directly: what shows the progress holds back what others print.
  writeSync(1, `${process.stdout.isTTY ? "\u001b[?25h" : ""}\nStopped. Every save is whole or did not happen.\n`);
  process.exit(130);
});

const pipelines = [
  { title: "1  scrape, rank, save", steps: [] as Step[], run: scrapeRankSave },
  { title: "2  csv to arctic", steps: [] as Step[], run: (...[, , factory]: Parts) => csvToArctic(factory) },
  {
    title: "3  one frame, three stores",
    steps: [] as Step[],
    run: (...[, , factory]: Parts) => oneFrameThreeStores(factory),
  },
];
type Parts = Parameters<typeof scrapeRankSave>;

const errors = await runTasks(
  pipelines.map(({ title, steps, run }) => ({
    title,
    run: async (say) => {
      const logger = sayingLogger(say);
      await using factory = new DataFactory({ config, logger });
      const telling = watch(factory, (step) => {
        steps.push(step);
        say(`${step.what}${step.rows === null ? "" : `, ${step.rows} rows`}, ${duration(step.ms)}`);
      });
      await run(config, logger, telling);
    },
  })),
);
await replica?.close();

print();
for (const line of stepTable(pipelines)) print(line);
print();
for (const line of await whereToLook(config, shown)) print(line);
for (const error of errors) print(`\nFailed: ${explain(error)}`);
print(`\n${errors.length === 0 ? "Done" : "Not all was done"} in ${duration(performance.now() - began)}.`);
if (errors.length > 0) process.exitCode = 1;

/** The message with what brought it about and what to do. */
function explain(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const hint = error instanceof MillraceError && error.hint ? `\n  ${error.hint}` : "";
  return `${error.message}${hint}${error.cause ? `\n  because: ${explain(error.cause)}` : ""}`;
}
