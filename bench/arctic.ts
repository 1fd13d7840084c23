import { join } from "node:path";
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

/** A case of pandas' in a process of its own; only the last part of the script is measured. */
function pandas(name: string, group: string, prepare: string, measured: string): BenchCase {
  return {
    name,
    group,
    base: true,
    command: ({ rows, folder }) => [
      python,
      "-c",
      script(rows, join(folder, name.replaceAll(" ", "_")), prepare, measured),
    ],
  };
}

const script = (rows: number, folder: string, prepare: string, measured: string) => `
import os, time, numpy as np, pandas as pd, arcticdb
os.makedirs(${JSON.stringify(folder)}, exist_ok=True)
lib = arcticdb.Arctic('lmdb://' + ${JSON.stringify(folder)}).get_library('q', create_if_missing=True)
n = ${rows}
r = np.random.default_rng(1)
note = r.integers(0, 10000, n).astype(str).astype(object); note[r.integers(0, 100, n) < 2] = None
price = r.integers(5000, 15000, n) / 100
frame = pd.DataFrame({
  'symbol': np.char.add('SYM', r.integers(0, 500, n).astype(str)).astype(object),
  'open': price, 'high': price + 1, 'low': price - 1, 'close': price + .5,
  'volume': r.integers(0, 1000000, n), 'note': note,
}, index=pd.Index(pd.date_range('2020', periods=n, freq='s'), name='ts'))
${prepare}
for _ in range(2):
  started = time.perf_counter()
  ${measured}
  took = (time.perf_counter() - started) * 1000
print(took)
`;

const saved = "lib.write('t', frame)";

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
  pandas(
    "pandas hour",
    "hour",
    saved,
    "lib.read('t', date_range=(pd.Timestamp('2020-01-01 01:00'), pd.Timestamp('2020-01-01 02:00'))).data",
  ),
  millrace("millrace hour", "hour", async (storage, { rows }) => {
    await storage.saver().saveData(testTable(rows), "t", { timeColumn: "ts" });
    const source = storage.source();
    return () => source.getData("t", { from: "2020-01-01T01:00", to: "2020-01-01T02:00" });
  }),
];
