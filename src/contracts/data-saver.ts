import type { DataFrame } from "nodejs-polars";
import type { SaveOptions } from "./save-options.ts";

/** Keeps frames under names. */
export interface IDataSaver {
  /**
   * Saves all or nothing, and resolves `true` once the data is durable. A save that fails or is
   * killed leaves the old data whole; a reader meanwhile sees the old frame or the new one.
   * A user's own saver that resolves `false` counts as failed.
   *
   * @throws FidelityError when the storage can't hold a value exactly; it names column, row and remedy.
   */
  saveData(data: DataFrame, destination: string, options?: SaveOptions): Promise<boolean>;

  /**
   * Backs up what stands under `destination`, then saves. If the backup fails, nothing is saved.
   * A new name has nothing to back up and is simply saved.
   */
  saveWithBackup(data: DataFrame, destination: string, options?: SaveOptions): Promise<boolean>;

  /** True when the storage can be used now. Never throws, installs nothing, answers within 5 s. */
  healthCheck(): Promise<boolean>;
}
