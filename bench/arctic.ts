import { execFile } from "node:child_process";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { parseConfig } from "../src/config/load.ts";
import type { Config } from "../src/config/settings.ts";
import { ArcticStorage } from "../src/storages/arctic/index.ts";
import { tableOf, tables, testTable } from "./data.ts";
import { arcticPython } from "./harness/peers.ts";
import type { BenchCase, BenchContext, Goal, Prepared, Program } from "./harness.ts";

const logger = { debug() {}, info() {}, warn() {}, error() {} };

async function storageIn(folder: string): Promise<{ storage: ArcticStorage; close(): Promise<void> }> {
  const config: Config = parseConfig({ FS_DATA: join(folder, "data"), FS_TEMP: join(folder, "temp") });
  const storage = new ArcticStorage({ config, logger });
  const close = async () => {
    await storage.close();
    await storage.stopHelpers({ force: true });
  };
  return { storage, close };
}

type About = Pick<BenchCase, "goals" | "fixed" | "real" | "quick">;

/** A case of millrace's on a library of its own. */
function millrace(
  name: string,
  group: string,
  about: About,
  work: (storage: ArcticStorage, context: BenchContext) => Promise<Prepared["run"]>,
): BenchCase {
  return {
    ...{ name, group, ...about },
    async prepare(context) {
      const { storage, close } = await storageIn(join(context.folder, name.replaceAll(" ", "_")));
      const run = await work(storage, context);
      return { run, close };
    },
  };
}

/** The mean of many calls, which each take too little to be measured alone. */
function timesOver(times: number, work: () => Promise<unknown>): Prepared["run"] {
  return async () => {
    const started = performance.now();
    for (let time = 0; time < times; time += 1) await work();
    return (performance.now() - started) / times;
  };
}

interface PandasWork {
  readonly once?: string;
  readonly measured: string;
  readonly times?: number;
}

/** A case of pandas' in a process of its own, with the table in memory as `frame`. */
function pandas(name: string, group: string, about: About, { once = "", ...work }: PandasWork): BenchCase {
  return {
    ...{ name, group, base: true, ...about },
    async python(context) {
      const path = join(context.folder, `${name.replaceAll(" ", "_")}.arrow`);
      await tableOf(context).lazy().sinkIpc(path, { compression: "uncompressed" }).collect();
      const library = join(context.folder, name.replaceAll(" ", "_"));
      await mkdir(library);
      return {
        python: await arcticPython(),
        once: `${opening(path, library, tables[context.data].time)}\n${once}`,
        ...work,
      };
    },
  };
}

/** Texts as Python objects: what `read_csv` of this pandas gives, and ArcticDB's default read. */
const opening = (path: string, library: string, time: string) => `
import pandas as pd, pyarrow as pa, arcticdb
lib = arcticdb.Arctic('lmdb://' + ${JSON.stringify(library)}).get_library('q', create_if_missing=True)
rows = pa.ipc.open_file(pa.memory_map(${JSON.stringify(path)})).read_all()
rows = pa.table([c.cast(pa.string()) if 'string' in str(c.type) else c for c in rows.columns], names=rows.column_names)
frame = rows.to_pandas().set_index(${JSON.stringify(time)})
del rows
`;

const saved = "lib.write('t', frame); del frame";

const few = "frame = frame.head(10)";

/** A whole process: from the CSV file to the symbol, with millrace's worker warm, as it is after any call before. */
function fromCsv(name: string, command: (folder: string) => Promise<Program>, goals: readonly Goal[] = []): BenchCase {
  return {
    ...{ name, group: "csv to symbol", base: name.startsWith("pandas"), goals },
    async prepare({ rows, folder }) {
      const own = join(folder, name.replaceAll(" ", "_"));
      const { storage, close } = await storageIn(own);
      await mkdir(join(own, "data"), { recursive: true });
      await testTable(rows)
        .lazy()
        .sinkCSV(join(own, "data", "t.csv"), {})
        .collect();
      await storage.saver().saveData(testTable(10), "warm");
      const [program, ...args] = await command(own);
      return { run: () => promisify(execFile)(program, args), close };
    },
  };
}

const pandasFromCsv = (folder: string) => `
import pandas as pd, arcticdb
lib = arcticdb.Arctic('lmdb://' + ${JSON.stringify(join(folder, "arctic"))}).get_library('q', create_if_missing=True)
frame = pd.read_csv(${JSON.stringify(join(folder, "data", "t.csv"))}, parse_dates=['ts'], index_col='ts')
lib.write('t', frame, prune_previous_versions=True)
`;

const millraceFromCsv = (folder: string) => `
const { DataFactory, getConfigLogger } = await import(${JSON.stringify(new URL("../dist/index.js", import.meta.url).href)});
const settings = ${JSON.stringify({ FS_DATA: join(folder, "data"), FS_TEMP: join(folder, "temp"), LOG_LEVEL: "silent" })};
await using factory = new DataFactory(await getConfigLogger("bench", settings));
const frame = await factory.createDataSource("csv").getData("t");
await factory.createDataSaver("arctic").saveData(frame, "t", { timeColumn: "ts" });
`;

/** The first call in a process, when no worker runs. */
async function firstCall(context: BenchContext): Promise<Prepared> {
  const folder = join(context.folder, "first_call");
  const earlier = await storageIn(folder);
  await earlier.storage.saver().saveData(testTable(10), "t", { timeColumn: "ts" });
  await earlier.close();
  let opened = await storageIn(folder);
  return {
    async before() {
      await opened.close();
      opened = await storageIn(folder);
    },
    run: () => opened.storage.source().getData("t"),
    close: () => opened.close(),
  };
}

const besidePandas = (work: string, atMost: number, headline: string): readonly Goal[] => [
  { against: `pandas ${work}`, atMost, headline },
  { measure: "peakMb", against: `pandas ${work}`, atMost: 1.5 },
  { measure: "blockMs", atMost: 50 },
];

const real = { real: true } as const;
const fixed = { fixed: true } as const;

export const sizes = [100_000, 1_000_000, 5_000_000];

/** Beside Python's own client, in the same environment, each side with its frame in memory. */
export const cases: BenchCase[] = [
  pandas("pandas write", "write", real, { measured: "lib.write('t', frame, prune_previous_versions=True)" }),
  millrace(
    "millrace write",
    "write",
    { ...real, goals: besidePandas("write", 1.25, "Frame → ArcticDB symbol, to Python's `lib.write` from pandas") },
    async (storage, context) => {
      const saver = storage.saver();
      const table = tableOf(context);
      const { time } = tables[context.data];
      return () => saver.saveData(table, "t", { timeColumn: time });
    },
  ),
  pandas("pandas read", "read", real, { once: saved, measured: "lib.read('t').data" }),
  millrace(
    "millrace read",
    "read",
    { ...real, goals: besidePandas("read", 0.67, "ArcticDB symbol → frame, to Python's `lib.read` to pandas") },
    async (storage, context) => {
      await storage.saver().saveData(tableOf(context), "t", { timeColumn: tables[context.data].time });
      const source = storage.source();
      return () => source.getData("t");
    },
  ),
  fromCsv("pandas csv", async (folder) => [await arcticPython(), "-c", pandasFromCsv(folder)]),
  fromCsv("millrace csv", async (folder) => [process.execPath, "--input-type=module", "-e", millraceFromCsv(folder)], [
    { against: "pandas csv", atMost: 0.25, headline: "CSV file → ArcticDB symbol, whole process, to pandas" },
  ]),
  pandas(
    "pandas day",
    "day",
    {},
    {
      once: saved,
      measured: "lib.read('t', date_range=(pd.Timestamp('2020-01-01T12'), pd.Timestamp('2020-01-02T12'))).data",
    },
  ),
  millrace(
    "millrace day",
    "day",
    { goals: [{ against: "pandas day", atMost: 1.5, plus: 3 }] },
    async (storage, { rows }) => {
      await storage.saver().saveData(testTable(rows), "t", { timeColumn: "ts" });
      const source = storage.source();
      return () => source.getData("t", { from: "2020-01-01T12:00:00", to: "2020-01-02T12:00:00" });
    },
  ),
  pandas("pandas small write", "small write", fixed, {
    ...{ once: few, measured: "lib.write('t', frame, prune_previous_versions=True)", times: 30 },
  }),
  millrace(
    "millrace small write",
    "small write",
    { ...fixed, goals: [{ against: "pandas small write", atMost: 2 }] },
    async (storage) => {
      const saver = storage.saver();
      const table = testTable(10);
      return timesOver(30, () => saver.saveData(table, "t", { timeColumn: "ts" }));
    },
  ),
  pandas("pandas small read", "small read", fixed, {
    once: `${few}; ${saved}`,
    measured: "lib.read('t').data",
    times: 100,
  }),
  millrace(
    "millrace small read",
    "small read",
    { ...fixed, goals: [{ against: "pandas small read", atMost: 2 }] },
    async (storage) => {
      await storage.saver().saveData(testTable(10), "t", { timeColumn: "ts" });
      const source = storage.source();
      return timesOver(100, () => source.getData("t"));
    },
  ),
  {
    ...{ name: "python, import arcticdb", group: "first call", base: true, fixed: true },
    command: async () => [await arcticPython(), "-c", "import arcticdb"],
  },
  {
    ...{ name: "millrace first call", group: "first call", fixed: true, prepare: firstCall },
    goals: [{ against: "python, import arcticdb", atMost: 1, plus: 500 }],
  },
];
