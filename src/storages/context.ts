import type { Config } from "../config/settings.ts";
import type { Logger } from "../contracts/logger.ts";

/** What every built-in storage is made with. */
export interface StorageContext {
  readonly config: Config;
  readonly logger: Logger;
}
