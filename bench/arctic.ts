import { execFile } from "node:child_process";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { parseConfig } from "../src/config/load.ts";
import type { Config } from "../src/config/settings.ts";
import { ArcticStorage } from "../src/storages/arctic/index.ts";
import { cacheFolder } from "../src/system/folders.ts";
import { testTable } from "./data.ts";
import type { BenchCase, BenchContext, Prepared } from "./harness.ts";

/** The environment that millrace installed: both sides then measure the same client. */
const python = process.env.ARCTIC_PYTHON ?? join(cacheFolder("arctic", "6.28.2-py3.11"), "bin", "python");
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

/** A case of millrace's on a library of its own, with the table saved there already. */
function millrace(
  name: string,
  group: string,
  work: (storage: ArcticStorage, context: BenchContext) => Promise<Prepared["run"]>,
): BenchCase {
  return {
    name,
    group,
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

/** A case of pandas' in a process of its own; only the last part of the script is measured. */
function pandas(name: string, group: string, prepare: string, measured: string, times = 1): BenchCase {
  return {
    name,
    group,
    base: true,
    command: ({ rows, folder }) => [
      python,
      "-c",
      script(rows, join(folder, name.replaceAll(" ", "_")), prepare, measured, times),
    ],
  };
}

const script = (rows: number, folder: string, prepare: string, measured: string, times: number) => `
import os, time, numpy as np, pandas as pd, arcticdb
os.makedirs(${JSON.stringify(folder)}, exist_ok=True)
lib = arcticdb.Arctic('lmdb://' + ${JSON.stringify(folder)}).get_library('q', create_if_missing=True)
n = ${rows}
r = np.random.default_rng(1)
note = np.char.add('note ', r.integers(0, 10000, n).astype(str)).astype(object); note[r.integers(0, 100, n) < 2] = None
price = r.integers(5000, 15000, n) / 100
frame = pd.DataFrame({
  'symbol': np.char.add('SYM', r.integers(0, 500, n).astype(str)).astype(object),
  'open': price, 'high': price + 1, 'low': price - 1, 'close': price + .5,
  'volume': r.integers(0, 1000000, n), 'note': note,
}, index=pd.Index(pd.date_range('2020', periods=n, freq='s'), name='ts'))
${prepare}
for _ in range(2):
  started = time.perf_counter()
  for _ in range(${times}): ${measured}
  took = (time.perf_counter() - started) * 1000 / ${times}
print(took, flush=True)
os._exit(0)  # ArcticDB's threads may end the process by a fault when Python ends by itself
`;

const saved = "lib.write('t', frame)";

const few = "frame = frame.head(10)";

/** A whole process: from the CSV file to the symbol, with millrace's worker warm, as it is after any call before. */
function fromCsv(name: string, command: (folder: string) => readonly [string, ...string[]]): BenchCase {
  return {
    name,
    group: "csv to symbol",
    base: name.startsWith("pandas"),
    async prepare({ rows, folder }) {
      const own = join(folder, name.replaceAll(" ", "_"));
      const { storage, close } = await storageIn(own);
      await mkdir(join(own, "data"), { recursive: true });
      await testTable(rows)
        .lazy()
        .sinkCSV(join(own, "data", "t.csv"), {})
        .collect();
      await storage.saver().saveData(testTable(10), "warm");
      const [program, ...args] = command(own);
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

/** Beside Python's own client, in the same environment, each side with its frame in memory. */
export const cases: BenchCase[] = [
  pandas("pandas write", "write", "", "lib.write('t', frame, prune_previous_versions=True)"),
  millrace("millrace write", "write", async (storage, { rows }) => {
    const saver = storage.saver();
    const table = testTable(rows);
    return () => saver.saveData(table, "t", { timeColumn: "ts" });
  }),
  pandas("pandas read", "read", saved, "lib.read('t').data"),
  millrace("millrace read", "read", async (storage, { rows }) => {
    await storage.saver().saveData(testTable(rows), "t", { timeColumn: "ts" });
    const source = storage.source();
    return () => source.getData("t");
  }),
  fromCsv("pandas csv", (folder) => [python, "-c", pandasFromCsv(folder)]),
  fromCsv("millrace csv", (folder) => [process.execPath, "--input-type=module", "-e", millraceFromCsv(folder)]),
  pandas(
    "pandas day",
    "day",
    saved,
    "lib.read('t', date_range=(pd.Timestamp('2020-01-05'), pd.Timestamp('2020-01-06'))).data",
  ),
  millrace("millrace day", "day", async (storage, { rows }) => {
    await storage.saver().saveData(testTable(rows), "t", { timeColumn: "ts" });
    const source = storage.source();
    return () => source.getData("t", { from: "2020-01-05", to: "2020-01-06" });
  }),
  pandas("pandas small write", "small write", few, "lib.write('t', frame, prune_previous_versions=True)", 30),
  millrace("millrace small write", "small write", async (storage) => {
    const saver = storage.saver();
    const table = testTable(10);
    return timesOver(30, () => saver.saveData(table, "t", { timeColumn: "ts" }));
  }),
  pandas("pandas small read", "small read", `${few}; ${saved}`, "lib.read('t').data", 100),
  millrace("millrace small read", "small read", async (storage) => {
    await storage.saver().saveData(testTable(10), "t", { timeColumn: "ts" });
    const source = storage.source();
    return timesOver(100, () => source.getData("t"));
  }),
];
