/**
 * Frames that are kept for a while, as Arrow files in FS_TEMP.
 *
 * @module
 */
import "../../system/node-version.ts";

import type { IStorage } from "../../contracts/storage.ts";
import type { StorageContext } from "../context.ts";
import { TempBackup } from "./backup.ts";
import { tempCapabilities } from "./capabilities.ts";
import { TempFiles } from "./files.ts";
import { TempSaver } from "./saver.ts";
import { TempSource } from "./source.ts";

export { TempSaver, TempSource };

/** The storage `temp`: one Arrow file a frame, removed when it is older than TEMP_MAX_AGE. It has no backup role. */
export class TempStorage implements IStorage {
  readonly type = "temp";
  readonly capabilities = tempCapabilities;
  readonly #context: StorageContext;
  readonly #files: TempFiles;

  /** Makes no folder and reads nothing until a component is used. */
  constructor(context: StorageContext) {
    this.#context = context;
    this.#files = new TempFiles(context);
  }

  source(): TempSource {
    return new TempSource(this.#files);
  }

  saver(): TempSaver {
    return new TempSaver(this.#context, this.#files, () => new TempBackup(this.#context, this.#files));
  }
}
