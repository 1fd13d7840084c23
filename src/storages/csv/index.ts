/**
 * Frames as CSV files in FS_DATA.
 *
 * @module
 */
import "../../system/node-version.ts";

import type { IStorage } from "../../contracts/storage.ts";
import type { StorageContext } from "../context.ts";
import { CsvBackup } from "./backup.ts";
import { csvCapabilities } from "./capabilities.ts";
import { CsvFiles } from "./files.ts";
import { CsvSaver } from "./saver.ts";
import { CsvSource } from "./source.ts";

export type { CsvSaveOptions } from "./formulas.ts";
export type { CsvEncoding, CsvReadOptions } from "./options.ts";
export { CsvBackup, CsvSaver, CsvSource };

/** The storage `csv`: one file a frame, in FS_DATA and its sub-folders. */
export class CsvStorage implements IStorage {
  readonly type = "csv";
  readonly capabilities = csvCapabilities;
  readonly #context: StorageContext;
  readonly #files: CsvFiles;

  /** Makes no folder and reads nothing until a component is used. */
  constructor(context: StorageContext) {
    this.#context = context;
    this.#files = new CsvFiles(context);
  }

  source(): CsvSource {
    return new CsvSource(this.#files);
  }

  saver(): CsvSaver {
    return new CsvSaver(this.#context, this.#files, () => this.backup());
  }

  backup(): CsvBackup {
    return new CsvBackup(this.#context, this.#files);
  }
}
