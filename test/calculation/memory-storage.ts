import type { IDataBackup } from "../../src/contracts/data-backup.ts";
import type { IDataSaver } from "../../src/contracts/data-saver.ts";
import type { IDataSource } from "../../src/contracts/data-source.ts";
import type { ReadOptions } from "../../src/contracts/read-options.ts";
import type { SaveOptions } from "../../src/contracts/save-options.ts";
import { NotFoundError } from "../../src/errors.ts";
import type { DataFrame } from "../../src/frame/polars.ts";

/** A user's own storage: a map, in all three roles. Keeps a journal of what was asked of it. */
export class MemoryStorage implements IDataSource, IDataSaver, IDataBackup {
  readonly storageId: string;
  readonly frames: Map<string, DataFrame>;
  readonly journal: string[] = [];
  /** The read options of the last `getData` of each name. */
  readonly asked = new Map<string, ReadOptions | undefined>();
  /** The save options of the last `saveData` to each name. */
  readonly options = new Map<string, SaveOptions | undefined>();
  /** What `saveData` answers. */
  saves = true;
  backupFails = false;

  constructor(storageId: string, frames: Record<string, DataFrame> = {}) {
    this.storageId = storageId;
    this.frames = new Map(Object.entries(frames));
  }

  async getData(source: string, options?: ReadOptions): Promise<DataFrame> {
    this.asked.set(source, options);
    const found = this.frames.get(source);
    if (!found) throw new NotFoundError(`Nothing is called "${source}"`, { frame: source });
    return found;
  }

  async listSources(): Promise<string[]> {
    return [...this.frames.keys()].sort();
  }

  async saveData(data: DataFrame, destination: string, options?: SaveOptions): Promise<boolean> {
    this.journal.push(`save ${destination}`);
    this.options.set(destination, options);
    if (this.saves) this.frames.set(destination, data);
    return this.saves;
  }

  saveWithBackup(data: DataFrame, destination: string, options?: SaveOptions): Promise<boolean> {
    return this.saveData(data, destination, options);
  }

  async backupData(source: string): Promise<[boolean, string | null]> {
    this.journal.push(`backup ${source}`);
    if (this.backupFails) throw new Error("the backup disk is gone");
    return this.frames.has(source) ? [true, `backups/${source}`] : [false, null];
  }

  async backupAll(): Promise<[string, string][]> {
    return [];
  }

  async healthCheck(): Promise<boolean> {
    return true;
  }
}
