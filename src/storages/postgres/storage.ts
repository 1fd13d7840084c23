import type { Diagnosis, IDiagnose } from "../../contracts/diagnose.ts";
import type { HelperStatus, IHelpers } from "../../contracts/helpers.ts";
import type { IStorage } from "../../contracts/storage.ts";
import type { StorageContext } from "../context.ts";
import { PostgresBackup } from "./backup/service.ts";
import { postgresCapabilities } from "./capabilities.ts";
import { recordedChoice } from "./embedded/choice.ts";
import { embeddedStatus, embeddedUrl, stopEmbedded } from "./embedded/status.ts";
import { diagnosePostgres } from "./health.ts";
import { type OwnTables, ownTables } from "./own-tables.ts";
import { type PostgresParts, postgresParts } from "./parts.ts";
import { PostgresSaver } from "./saver.ts";
import { PostgresSource } from "./source.ts";

/** The storage `postgres`. Connects, or starts the embedded server, on first use. */
export class PostgresStorage implements IStorage, IHelpers, IDiagnose {
  readonly type = "postgres";
  readonly capabilities = postgresCapabilities;
  readonly #parts: PostgresParts;

  /** Opens no connection and starts no server until a component is used. */
  constructor(context: StorageContext) {
    this.#parts = postgresParts(context);
  }

  source(): PostgresSource {
    return new PostgresSource(this.#parts);
  }

  saver(): PostgresSaver {
    return new PostgresSaver(this.#parts, () => this.backup());
  }

  backup(): PostgresBackup {
    return new PostgresBackup(this.#parts);
  }

  /** The embedded server's connection URL with its password, for `psql` and the like; null where another server serves. */
  async embeddedUrl(): Promise<string | null> {
    const { config } = this.#parts;
    return (await recordedChoice(config)) ? embeddedUrl(config) : null;
  }

  /** For millrace's own books in the same database. */
  ownTables(): OwnTables {
    return ownTables(this.#parts);
  }

  async helpers(): Promise<HelperStatus[]> {
    const status = await embeddedStatus(this.#parts.config);
    return status ? [status] : [];
  }

  async stopHelpers(options: { force?: boolean } = {}): Promise<HelperStatus[]> {
    const stopped = await stopEmbedded(this.#parts.config, options);
    return stopped ? [stopped] : [];
  }

  diagnose(): Promise<Diagnosis[]> {
    return diagnosePostgres(this.#parts);
  }

  /** Ends all connections. An embedded server ends some idle time after its last user. */
  close(): Promise<void> {
    return this.#parts.database.close();
  }
}
