import { join } from "node:path";
import type { StoredBackup } from "../../backups/manifest.ts";
import { dataFileName, FrameBackup } from "../../backups/service.ts";
import { type DumpedFrame, openBackupStore } from "../../backups/store.ts";
import { heightOf, lazyOf } from "../../frame/access.ts";
import { readIpc, writeIpc } from "../../frame/ipc.ts";
import type { DataFrame } from "../../frame/polars.ts";
import type { StorageContext } from "../context.ts";
import { tempCapabilities } from "./capabilities.ts";
import type { TempFiles } from "./files.ts";
import { readTemp, readTempOrNull } from "./reader.ts";

/** For `saveWithBackup` of temp only, which keeps one backup of a name; the storage has no backup role. */
export class TempBackup extends FrameBackup {
  readonly #files: TempFiles;

  constructor(context: StorageContext, files: TempFiles) {
    const store = openBackupStore(context, "temp", files.storageId);
    super({ store, logger: context.logger, keep: 1, keepsRowOrder: tempCapabilities.keepsRowOrder });
    this.#files = files;
  }

  protected override names(): Promise<string[]> {
    return this.#files.list();
  }

  protected override async dump(name: string, folder: string): Promise<DumpedFrame | null> {
    const read = await readTempOrNull(this.#files, name);
    if (read === null) return null;
    const { frame, schema, timeColumn, key } = read;
    await writeIpc(frame, join(folder, dataFileName));
    return { schema, rows: heightOf(frame), timeColumn, key };
  }

  protected override async restore(folder: string, record: StoredBackup, destination: string): Promise<void> {
    const frame = await readIpc(join(folder, dataFileName));
    const { schema, timeColumn, key } = record;
    await this.#files.place(destination, { rows: lazyOf(frame), height: heightOf(frame), schema, timeColumn, key });
  }

  protected override async load(name: string): Promise<DataFrame> {
    return (await readTemp(this.#files, name)).frame;
  }

  protected override drop(name: string): Promise<boolean> {
    return this.#files.remove(name);
  }

  protected override exclusive<T>(name: string, work: () => Promise<T>): Promise<T> {
    return this.#files.exclusive(name, work);
  }

  protected override usable(): Promise<boolean> {
    return this.#files.usable();
  }
}
