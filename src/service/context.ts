import type { Config } from "../config/settings.ts";
import type { Logger } from "../contracts/logger.ts";
import type { DataFactory } from "../factory/data-factory.ts";

/** What the routes of a service work with. */
export interface ServiceContext {
  readonly factory: DataFactory;
  readonly config: Config;
  readonly logger: Logger;
}
