import type { Config } from "../config/settings.ts";
import type { Logger } from "../contracts/logger.ts";
import type { IStorage } from "../contracts/storage.ts";

/** What every built-in storage is made with. */
export interface StorageContext {
  readonly config: Config;
  readonly logger: Logger;
  /** All storages of the same factory, so that a backup of one can be restored into another. */
  readonly storages?: (() => readonly IStorage[]) | undefined;
}
