import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { parseConfig } from "../src/config/load.ts";
import { CsvStorage } from "../src/storages/csv/index.ts";
import { TempStorage } from "../src/storages/temp/index.ts";
import { cacheFolder } from "../src/system/folders.ts";
import { testTable } from "./data.ts";
import type { BenchCase, BenchContext, Prepared } from "./harness.ts";

const logger = { debug() {}, info() {}, warn() {}, error() {} };

/** The peers: installed once, into the user's cache folder. */
const peers = ["polars", "pandas"];
const environment = cacheFolder("bench", "csv-peers");

function python(): string {
  const program = join(environment, "bin", "python");
  if (!existsSync(join(environment, "installed"))) {
    execFileSync("python3", ["-m", "venv", environment], { stdio: "inherit" });
    execFileSync(program, ["-m", "pip", "install", "--quiet", ...peers], { stdio: "inherit" });
    execFileSync("touch", [join(environment, "installed")]);
  }
  return program;
}

/** What the round before left behind would count as memory of this one. */
async function collectGarbage(): Promise<void> {
  setFlagsFromString("--expose-gc");
  const collect: () => void = runInNewContext("gc");
  collect();
  await new Promise((resolve) => setTimeout(resolve, 50));
  collect();
}

function storages({ folder }: BenchContext) {
  const context = { config: parseConfig({ FS_DATA: join(folder, "data"), FS_TEMP: join(folder, "temp") }), logger };
  return { csv: new CsvStorage(context), temp: new TempStorage(context) };
}

/** The test table as another program would write it. It is the same file for all cases. */
async function foreignFile({ rows, folder }: BenchContext): Promise<string> {
  const path = join(folder, "data", "foreign.csv");
  if (existsSync(path)) return path;
  await mkdir(join(folder, "data"), { recursive: true });
  await testTable(rows).lazy().sinkCSV(path, { maintainOrder: true }).collect();
  return path;
}

/** A case of a peer's in a process of its own. It writes the file itself when it is the first to need it. */
function peer(name: string, group: string, prepare: string, measured: string, base = false): BenchCase {
  return {
    name,
    group,
    base,
    command: ({ rows, folder }) => {
      const path = join(folder, "data", "foreign.csv");
      const make = `import { foreignFile } from ${JSON.stringify(import.meta.filename)}; await foreignFile(${JSON.stringify({ rows, folder })});`;
      if (!existsSync(path)) execFileSync(process.execPath, ["--input-type=module", "-e", make], { stdio: "inherit" });
      const script = [
        "import sys, time",
        "path, out = sys.argv[1:]",
        prepare,
        "started = time.perf_counter()",
        measured,
        "print((time.perf_counter() - started) * 1000)",
      ];
      return [python(), "-c", script.join("\n"), path, join(folder, `${name.replaceAll(" ", "-")}.csv`)];
    },
  };
}

function millrace(
  name: string,
  group: string,
  prepare: (context: BenchContext) => Promise<Prepared["run"]>,
): BenchCase {
  return {
    name,
    group,
    async prepare(context) {
      return { before: collectGarbage, run: await prepare(context) };
    },
  };
}

export { foreignFile };

/** CSV files into frames and back, beside the quickest of Python. */
export const cases: BenchCase[] = [
  peer("python polars read", "read", "import polars", "frame = polars.read_csv(path, try_parse_dates=True)", true),
  peer("pandas read", "read", "import pandas", 'frame = pandas.read_csv(path, parse_dates=["ts"], engine="c")'),
  millrace("millrace read", "read", async (context) => {
    await foreignFile(context);
    const source = storages(context).csv.source();
    return () => source.getData("foreign");
  }),
  millrace("millrace read own", "read", async (context) => {
    const { csv } = storages(context);
    await csv.saver().saveData(testTable(context.rows), "own");
    const source = csv.source();
    return () => source.getData("own");
  }),
  peer(
    "python polars write",
    "write",
    "import polars; frame = polars.read_csv(path, try_parse_dates=True)",
    "frame.write_csv(out)",
    true,
  ),
  millrace("sinkCSV", "write", async (context) => {
    const table = testTable(context.rows);
    const path = join(context.folder, "sink.csv");
    return () => table.lazy().sinkCSV(path, {}).collect();
  }),
  millrace("millrace write", "write", async (context) => {
    const table = testTable(context.rows);
    const saver = storages(context).csv.saver();
    return () => saver.saveData(table, "written");
  }),
  millrace("csv to temp in batches", "stream", async (context) => {
    await foreignFile(context);
    const { csv, temp } = storages(context);
    const [source, saver] = [csv.source(), temp.saver()];
    return () => saver.saveBatches(source.getBatches("foreign"), "streamed");
  }),
];
