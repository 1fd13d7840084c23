import type { Db, PgBoss } from "pg-boss";
import type { Config } from "../config/settings.ts";
import type { Logger } from "../contracts/logger.ts";
import { UnavailableError } from "../errors.ts";
import { ledgerConfig } from "../pipelines/ledger/postgres.ts";
import { configuredAddress } from "../storages/postgres/address.ts";
import { tlsOptions } from "../storages/postgres/connect.ts";
import { usesEmbedded } from "../storages/postgres/embedded/choice.ts";
import { embeddedUrl } from "../storages/postgres/index.ts";
import { databaseIdOf } from "../storages/postgres/parts.ts";
import { leaseLostState } from "../storages/postgres/server-error.ts";
import { deadName, type QueueParts, queueName } from "./names.ts";

/** Where pg-boss keeps its tables, apart from those of a program's own pg-boss. */
export const schema = "millrace_queue";
/** The channel by which workers hear of jobs. What is missed is found by looking. */
export const jobsChannel = "millrace_jobs";
/** Kind of the lock that a try holds while it saves. */
export const saving = 7105108104;
/** pg-boss ends any job after this time; what takes longer is taken over, and gone on with. */
const longestSeconds = 86_000;
const dayS = 86_400;
/** A source that kills its worker may kill the run's leader with it, which is no fault of the run. */
const leaders = 10;

/** The user's PostgreSQL as a queue. Dispose of it. */
export class QueuePlace implements AsyncDisposable {
  /** @internal */
  readonly boss: PgBoss;
  readonly config: Config;
  /** `host:port/database`. */
  readonly database: string;
  readonly #logger: Logger;
  readonly #made = new Set<string>();

  /** @internal pg-boss's own types do not compile without `skipLibCheck`. */
  constructor(boss: PgBoss, config: Config, logger: Logger) {
    this.boss = boss;
    this.config = config;
    this.#logger = logger;
    this.database = databaseIdOf(ledgerConfig(config));
  }

  /** @internal */
  get db(): Db {
    return this.boss.getDb();
  }

  async sql<Row = Record<string, unknown>>(text: string, values: readonly unknown[] = []): Promise<Row[]> {
    return (await this.db.executeSql(text, [...values])).rows as Row[];
  }

  /**
   * All or nothing.
   *
   * @internal
   */
  async transaction<T>(work: (db: Db) => Promise<T>): Promise<T> {
    const transaction = await this.db.beginTransaction?.();
    if (!transaction) throw new Error("pg-boss works without a transaction here.");
    try {
      const result = await work(transaction.db);
      await transaction.commit();
      return result;
    } catch (cause) {
      await transaction.rollback();
      throw cause;
    }
  }

  /** The queue of that name, made when it is not there yet. */
  async queue(parts: QueueParts): Promise<string> {
    const name = queueName(parts);
    if (this.#made.has(name)) return name;
    const dead = deadName(parts.queue);
    const keep = { retentionSeconds: 30 * dayS, deleteAfterSeconds: dayS };
    if (!this.#made.has(dead)) await this.boss.createQueue(dead, { ...keep, deleteAfterSeconds: 30 * dayS });
    await this.boss.createQueue(name, {
      ...keep,
      deadLetter: dead,
      expireInSeconds: longestSeconds,
      retryLimit: this.config.QUEUE_TRIES * (parts.kind === "runs" ? leaders : 1) - 1,
      retryDelay: 0,
      notify: false,
    });
    this.#made.add(dead).add(name);
    return name;
  }

  async notify(message: object): Promise<void> {
    await this.sql("SELECT pg_catalog.pg_notify($1, $2)", [jobsChannel, JSON.stringify(message)]);
  }

  /** Whoever may connect to the database may send to any channel: what can't be read ends nothing. */
  async listen(
    channel: string,
    hear: (payload: string) => void,
    again: () => void = () => {},
  ): Promise<AsyncDisposable> {
    const heard = (payload: string) => {
      try {
        hear(payload);
      } catch (cause) {
        this.#logger.debug({ err: cause }, `A message on ${channel} can't be read.`);
      }
    };
    const listening = await this.db.listen?.(channel, heard, again);
    return { [Symbol.asyncDispose]: async () => listening?.close() };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.boss.stop({ graceful: false, close: true }).catch(() => {});
  }
}

/**
 * Opens the queue in the ledger's database. The ledger is open, so that its server runs. So many `saves` may hold a connection each at
 * once, for as long as they take: signs of life need others beside them.
 */
export async function openPlace(
  config: Config,
  logger: Logger,
  { keepsUp = false, saves = 0 }: { readonly keepsUp?: boolean; readonly saves?: number } = {},
): Promise<QueuePlace> {
  const { PgBoss } = await import("pg-boss");
  const own = ledgerConfig(config);
  const connection = (await usesEmbedded(own))
    ? { connectionString: (await embeddedUrl(own)) ?? "" }
    : { ...configuredAddress(own), ...(await tlsOptions(own)) };
  const boss = new PgBoss({
    ...connection,
    ...{ schema, application_name: "millrace queue", max: (keepsUp ? 10 : 4) + saves },
    ...{ supervise: keepsUp, schedule: false, registerInstance: false, monitorIntervalSeconds: 60 },
  });
  boss.on("error", (error) => logger.debug({ err: error }, `The queue: ${error.message}`));
  boss.on("warning", ({ message }) => logger.debug(`The queue: ${message}`));
  try {
    await boss.start({ attempts: 3 });
    const place = new QueuePlace(boss, config, logger);
    await makeFence(place);
    return place;
  } catch (cause) {
    await boss.stop({ graceful: false, close: true }).catch(() => {});
    throw new UnavailableError(`The queue can't be used: ${cause instanceof Error ? cause.message : String(cause)}`, {
      cause,
      hint: "It lies in the database that LEDGER names, in the schema millrace_queue.",
    });
  }
}

/**
 * A try holds this while it writes. Who takes its job over waits for that, or ends its connection; afterwards the job's row is
 * another one's, and this fails. The row is looked at after the lock is held, never before.
 */
async function makeFence(place: QueuePlace): Promise<void> {
  const [found] = await place.sql("SELECT pg_catalog.to_regprocedure('millrace.hold_job(text,uuid,integer)') AS made");
  if (found?.made) return;
  await place.transaction(async (db) => {
    await db.executeSql("SELECT pg_catalog.pg_advisory_xact_lock(7105108103)");
    await db.executeSql(`CREATE OR REPLACE FUNCTION millrace.hold_job(its_queue text, its_id uuid, its_try integer) RETURNS void
      LANGUAGE plpgsql AS $$
      BEGIN
        PERFORM pg_catalog.pg_advisory_xact_lock_shared(pg_catalog.hashtextextended(its_id::text, ${saving}));
        PERFORM 1 FROM ${schema}.job WHERE name = its_queue AND id = its_id AND state = 'active' AND retry_count = its_try;
        IF NOT FOUND THEN
          RAISE EXCEPTION 'Another worker has taken over: this one gave no sign of life for too long, or the run was ended.'
            USING ERRCODE = '${leaseLostState}';
        END IF;
      END $$`);
  });
}
