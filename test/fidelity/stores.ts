import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseConfig } from "../../src/config/load.ts";
import type { IBatchSaver, IBatchSource } from "../../src/contracts/batches.ts";
import type { IDataSaver } from "../../src/contracts/data-saver.ts";
import type { IDataSource } from "../../src/contracts/data-source.ts";
import type { IDelete } from "../../src/contracts/delete.ts";
import type { IRestorableBackup } from "../../src/contracts/restorable-backup.ts";
import type { SaveOptions } from "../../src/contracts/save-options.ts";
import { ArcticStorage } from "../../src/storages/arctic/index.ts";
import { CsvStorage } from "../../src/storages/csv/index.ts";
import type { PostgresSaveOptions } from "../../src/storages/postgres/capabilities.ts";
import { PostgresStorage } from "../../src/storages/postgres/index.ts";
import { TempStorage } from "../../src/storages/temp/index.ts";

/** One of the four storages, and the options by which it keeps all of a frame. */
export interface Store {
  readonly type: string;
  readonly source: IDataSource & IBatchSource;
  readonly saver: IDataSaver & IBatchSaver & IDelete;
  readonly backup: IRestorableBackup | null;
  readonly options: SaveOptions;
}

/** All storages in one folder that goes with them. */
export interface Stores extends AsyncDisposable {
  readonly all: readonly Store[];
}

const inOrder = { mode: "replace", keepOrder: true } as const satisfies PostgresSaveOptions;

export async function openStores(): Promise<Stores> {
  const folder = await mkdtemp(join(tmpdir(), "millrace-fidelity-"));
  const config = parseConfig({ FS_DATA: join(folder, "data"), FS_TEMP: join(folder, "temp"), DB_EMBEDDED: "always" });
  const context = { config, logger: { debug() {}, info() {}, warn() {}, error() {} } };
  const [postgres, arctic] = [new PostgresStorage(context), new ArcticStorage(context)];
  const [csv, temp] = [new CsvStorage(context), new TempStorage(context)];
  return {
    all: [
      { type: "csv", source: csv.source(), saver: csv.saver(), backup: csv.backup(), options: {} },
      { type: "temp", source: temp.source(), saver: temp.saver(), backup: null, options: {} },
      {
        type: "postgres",
        source: postgres.source(),
        saver: postgres.saver(),
        backup: postgres.backup(),
        options: inOrder,
      },
      { type: "arctic", source: arctic.source(), saver: arctic.saver(), backup: arctic.backup(), options: {} },
    ],
    async [Symbol.asyncDispose]() {
      for (const storage of [postgres, arctic]) {
        await storage.close();
        await storage.stopHelpers({ force: true });
      }
      await rm(folder, { recursive: true, force: true, maxRetries: 3 });
    },
  };
}
