import type { Config } from "../config/settings.ts";
import type { Logger } from "../contracts/logger.ts";
import type { DataFactory } from "../factory/data-factory.ts";
import type { Pipeline } from "../pipelines/pipeline.ts";

/** What the routes of a service work with. */
export interface ServiceContext {
  /** Whose storages are shown. */
  readonly factory: DataFactory;
  /** SERVICE_PORT, SERVICE_TOKEN and the other settings of the service. */
  readonly config: Config;
  /** Where requests that failed are logged. */
  readonly logger: Logger;
  /** Those that may be run, gone on with and undone from here. Runs of all others are shown as well. */
  readonly pipelines?: readonly Pipeline[];
}
