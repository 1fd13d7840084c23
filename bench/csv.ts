import { existsSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { parseConfig } from "../src/config/load.ts";
import { pl } from "../src/frame/polars.ts";
import { CsvStorage } from "../src/storages/csv/index.ts";
import { TempStorage } from "../src/storages/temp/index.ts";
import { tableOf, tables } from "./data.ts";
import { importDuckdb, peerPython } from "./harness/peers.ts";
import type { BenchCase, BenchContext, Goal, Prepared } from "./harness.ts";

const logger = { debug() {}, info() {}, warn() {}, error() {} };

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

/** The table as another program would write it. It is the same file for all cases. */
async function foreignFile(context: BenchContext): Promise<string> {
  const path = join(context.folder, "data", "foreign.csv");
  if (existsSync(path)) return path;
  await mkdir(join(context.folder, "data"), { recursive: true });
  await tableOf(context).lazy().sinkCSV(path, { maintainOrder: true }).collect();
  return path;
}

type About = Pick<BenchCase, "base" | "goals" | "real" | "quick">;

/** A case of Python's. `path` is the file, `out` one to be written, `time` the column of times. */
function python(name: string, group: string, about: About, once: string, measured: string): BenchCase {
  return {
    ...{ name, group, ...about },
    async python(context) {
      const names = {
        path: await foreignFile(context),
        out: join(context.folder, `${name.replaceAll(" ", "-")}.csv`),
        time: tables[context.data].time,
      };
      const given = Object.entries(names).map(([key, value]) => `${key} = ${JSON.stringify(value)}`);
      return { python: await peerPython(), once: [...given, once].join("\n"), measured };
    },
  };
}

/** The part of DuckDB's package that is used here. */
interface Duckdb {
  readonly DuckDBInstance: {
    create(path: string): Promise<{ connect(): Promise<{ run(sql: string): Promise<unknown> }> }>;
  };
}

function duckdb(name: string, group: string, statements: readonly string[]): BenchCase {
  return {
    ...{ name, group, real: true },
    async prepare(context) {
      const path = await foreignFile(context);
      const { DuckDBInstance } = await importDuckdb<Duckdb>();
      const connection = await (await DuckDBInstance.create(":memory:")).connect();
      const sql = statements.map((each) =>
        each.replace("$out", join(context.folder, "duckdb.csv")).replace("$path", path),
      );
      for (const each of sql.slice(0, -1)) await connection.run(each);
      return { run: () => connection.run(sql.at(-1) ?? "") };
    },
  };
}

function millrace(
  name: string,
  group: string,
  about: About,
  prepare: (context: BenchContext) => Promise<Prepared["run"]>,
): BenchCase {
  return {
    ...{ name, group, ...about },
    async prepare(context) {
      return { before: collectGarbage, run: await prepare(context) };
    },
  };
}

const real = { real: true } as const;
const quick = { quick: true } as const;

const besidePolars = (work: string, headline?: string): readonly Goal[] => [
  { against: `Python polars ${work}`, atMost: 1, ...(headline !== undefined && { headline }) },
  { measure: "peakMb", against: `Python polars ${work}`, atMost: 1.3 },
  { measure: "blockMs", atMost: 50 },
];

export const sizes = [100_000, 1_000_000, 5_000_000];
export const quickRows = 200_000;

/** CSV files into frames and back, beside the quickest of Python. */
export const cases: BenchCase[] = [
  python(
    ...(["Python polars read", "read", { ...real, base: true }, "import polars"] as const),
    "frame = polars.read_csv(path, try_parse_dates=True)",
  ),
  python("pandas read", "read", real, "import pandas", "frame = pandas.read_csv(path, parse_dates=[time], engine='c')"),
  duckdb("DuckDB read", "read", ["CREATE OR REPLACE TABLE rows AS SELECT * FROM read_csv('$path')"]),
  millrace("scanCSV, without dates", "read", quick, async (context) => {
    const path = await foreignFile(context);
    return () => pl.scanCSV(path, { ignoreErrors: false }).collect();
  }),
  millrace(
    "millrace read",
    "read",
    {
      ...{ ...real, ...quick },
      goals: [
        ...besidePolars("read", "CSV file → frame, to Python polars"),
        { against: "pandas read", atMost: 0.33, headline: "CSV file → frame, to pandas" },
      ],
    },
    async (context) => {
      await foreignFile(context);
      const source = storages(context).csv.source();
      return () => source.getData("foreign");
    },
  ),
  millrace("millrace read own", "read", { ...real, ...quick, goals: besidePolars("read") }, async (context) => {
    const { csv } = storages(context);
    await csv.saver().saveData(tableOf(context), "own");
    const source = csv.source();
    return () => source.getData("own");
  }),
  python(
    ...(["Python polars write", "write", { ...real, base: true }] as const),
    "import polars; frame = polars.read_csv(path, try_parse_dates=True)",
    "frame.write_csv(out)",
  ),
  millrace("sinkCSV", "write", { ...real, ...quick }, async (context) => {
    const table = tableOf(context);
    const path = join(context.folder, "sink.csv");
    return () => table.lazy().sinkCSV(path, {}).collect();
  }),
  duckdb("DuckDB write", "write", [
    "CREATE TABLE rows AS SELECT * FROM read_csv('$path')",
    "COPY rows TO '$out' (HEADER)",
  ]),
  millrace(
    "millrace write",
    "write",
    { ...real, ...quick, goals: besidePolars("write", "Frame → CSV file, to Python polars") },
    async (context) => {
      const table = tableOf(context);
      const saver = storages(context).csv.saver();
      return () => saver.saveData(table, "written");
    },
  ),
  millrace(
    "csv to temp in batches",
    "stream",
    {
      goals: [
        { measure: "peakMb", atMost: 1_000 },
        { measure: "blockMs", atMost: 50 },
      ],
    },
    async (context) => {
      await foreignFile(context);
      const { csv, temp } = storages(context);
      const [source, saver] = [csv.source(), temp.saver()];
      return () => saver.saveBatches(source.getBatches("foreign"), "streamed");
    },
  ),
];
