import type { IDataBackup } from "./data-backup.ts";
import type { IDataSaver } from "./data-saver.ts";
import type { IDataSource } from "./data-source.ts";
import type { SaveMode } from "./save-options.ts";

/** How storages differ, as data. Code asks these, never the storage's type. */
export interface Capabilities {
  /** Modes that `saveData` takes: of those that every storage may have, and of its own (postgres `insertOnly`, arctic `replaceRange`). */
  readonly modes: readonly (SaveMode | "insertOnly" | "replaceRange")[];
  /** Names of the read options that are understood; any other is a ConfigError. */
  readonly readOptions: readonly string[];
  /** Names of the save options that are understood; any other is a ConfigError. */
  readonly saveOptions: readonly string[];
  /** Whether rows come back in the order in which they were saved. */
  readonly keepsRowOrder: boolean;
  /** Whether other machines can see the data. */
  readonly shared: boolean;
}

/** A place that holds named frames, in up to three roles. Register one's own with `factory.register`. */
export interface IStorage {
  /** The name that `createDataSource(type)` takes. */
  readonly type: string;
  /** What it can do, as data: modes, options, row order, whether machines share it. */
  readonly capabilities: Capabilities;
  /** A new source. Left out by a storage that can't be read. */
  source?(): IDataSource;
  /** A new saver. Left out by a storage that can't be written. */
  saver?(): IDataSaver;
  /** A new backup. Left out by a storage without backups. */
  backup?(): IDataBackup;
  /** Ends what the storage opened. Called by `factory.close()`. */
  close?(): Promise<void>;
}
