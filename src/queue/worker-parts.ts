import type { Config } from "../config/settings.ts";
import type { Logger } from "../contracts/logger.ts";
import type { DataFactory } from "../factory/data-factory.ts";
import type { SqlLedger } from "../pipelines/ledger/sql-ledger.ts";
import type { Ready } from "../pipelines/run/run-pipeline.ts";
import type { Notices } from "./notices.ts";
import type { QueuePlace } from "./place.ts";
import type { Settler } from "./settle.ts";

/** What the parts of a worker share. */
export interface WorkerParts {
  readonly place: QueuePlace;
  readonly ledger: SqlLedger;
  readonly factory: DataFactory;
  readonly config: Config;
  readonly logger: Logger;
  readonly notices: Notices;
  readonly settler: Settler;
  readonly pipelines: ReadonlyMap<string, Ready>;
}
