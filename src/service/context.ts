import type { Config } from "../config/settings.ts";
import type { Logger } from "../contracts/logger.ts";
import type { DataFactory } from "../factory/data-factory.ts";
import type { Pipeline } from "../pipelines/pipeline.ts";
import type { Place } from "./place.ts";

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
  /** Where it stands among several services. */
  readonly among?: Place;
}

/** Several services of one folder, each with a name of its own. The SERVICE_* settings are those of `config`. */
export interface ServicesContext {
  /** Each as it would be served alone, under its name. */
  readonly services: readonly (Omit<ServiceContext, "among"> & { readonly name: string })[];
  /** SERVICE_PORT, SERVICE_TOKEN and the other settings of the service. */
  readonly config: Config;
  /** Where requests that failed are logged. */
  readonly logger: Logger;
}
