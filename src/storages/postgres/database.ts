import type { Duplex } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import type { Pool, PoolClient, QueryResult } from "pg";
import { MillraceError } from "../../errors.ts";
import type { StorageContext } from "../context.ts";
import { configuredAddress, embeddedAddress, redactedUrl, serverOf } from "./address.ts";
import { clientOptions, ensureDatabase, tlsOptions } from "./connect.ts";
import { loadDriver, textOnly } from "./driver.ts";
import { usesEmbedded } from "./embedded/choice.ts";
import { joinEmbedded, type Membership } from "./embedded/join.ts";
import { holdersOf } from "./holder.ts";
import type { TableName } from "./identifiers.ts";
import { afterLostCommit } from "./outcome.ts";
import { type Action, fieldsOf, isConnectionLost, serverError } from "./server-error.ts";

/** A connection in use, with the server's values as text. */
export interface Connection {
  readonly client: PoolClient;
  /** Runs one statement with bound parameters. */
  run(sql: string, values?: readonly unknown[]): Promise<Rows>;
  /** Runs statements without parameters in one message and one transaction; the rows of the last. */
  together(...statements: readonly string[]): Promise<Rows>;
  /** Runs one statement, and resolves with the number of rows that the server says it wrote. */
  write(sql: string): Promise<number>;
}

/** Rows of a result, every value as text or null. */
export type Rows = readonly Readonly<Record<string, string | null>>[];

/** A use of the database that has been opened. Exactly one of its functions has to be called. */
export interface Session {
  readonly connection: Connection;
  /** Commits, and gives the connection back. */
  finish(): Promise<void>;
  /** Undoes everything, and resolves with the error to throw. */
  fail(cause: unknown): Promise<unknown>;
  /** Drops the connection with whatever runs on it. */
  abandon(): void;
}

/** What one use of the database is. */
export interface Use extends Omit<Action, "server" | "holder"> {
  /** The table that it is about, so that whoever holds it can be named. */
  readonly name?: TableName | undefined;
  readonly signal?: AbortSignal | undefined;
  /** The statement that begins a transaction; it is committed when the work resolves. */
  readonly begin?: string;
  /** A statement that comes before all others in it, also before what it sees is settled. */
  readonly first?: string | undefined;
}

/** Settings that values as text depend on. With `SET LOCAL` they hold behind PgBouncer too. */
const textSettings =
  "SET LOCAL TimeZone = 'UTC'; SET LOCAL DateStyle = 'ISO, YMD'; SET LOCAL IntervalStyle = 'iso_8601'; " +
  "SET LOCAL extra_float_digits = 1; SET LOCAL bytea_output = 'hex'";

/** Begins a transaction that sees one state of the database and can change nothing. */
export const readOnly = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";

/** Begins a transaction that writes. */
export const readWrite = "BEGIN ISOLATION LEVEL READ COMMITTED";

/** A project's PostgreSQL: the pool of connections to it, opened on first use. Close it. */
export class Database {
  readonly #context: StorageContext;
  #pool: Promise<Pool> | undefined;
  #membership: Membership | undefined;
  /** The server's process for each connection's transaction. */
  readonly #backends = new WeakMap<PoolClient, number | undefined>();
  #port = 0;
  #server = "";

  constructor(context: StorageContext) {
    this.#context = context;
  }

  /** `host:port` of the server in use; empty before the first use. */
  get server(): string {
    return this.#server;
  }

  /**
   * Runs `work` on a connection. With `begin` it is one transaction: committed when `work` resolves, else undone.
   * An abort cancels what runs on the server, undoes it, and rejects with the signal's reason.
   */
  async use<T>(use: Use, work: (connection: Connection) => Promise<T>): Promise<T> {
    const session = await this.open(use);
    let result: T;
    try {
      result = await work(session.connection);
      use.signal?.throwIfAborted();
    } catch (cause) {
      throw await session.fail(cause);
    }
    await session.finish();
    return result;
  }

  /** Opens a use that lasts until its `finish` or `fail`: for work that is handed out piece by piece. */
  async open(use: Use): Promise<Session> {
    const { signal, begin } = use;
    signal?.throwIfAborted();
    const client = await this.#connect(use);
    const unwatch = signal && this.#cancelOnAbort(client, signal);
    const end = (broken: boolean) => {
      unwatch?.();
      client.release(broken);
    };
    const run = (sql: string, values?: readonly unknown[]) => runText(client, sql, values);
    const fail = async (cause: unknown): Promise<unknown> => {
      const usable = begin !== undefined && (await rolledBack(client, signal));
      const waited = usable && use.name !== undefined && fieldsOf(cause).code === "55P03";
      const holder = waited ? await holdersOf(run, use.name) : null;
      end(!usable);
      return signal?.aborted ? signal.reason : serverError(cause, { ...use, holder, server: this.#server });
    };
    const finish = async () => {
      let transaction: string | null | undefined;
      try {
        if (begin !== undefined && use.doing !== "read") [{ transaction = null } = {}] = await run(transactionSql);
        if (begin !== undefined) await client.query("COMMIT");
      } catch (cause) {
        const error = await fail(cause);
        if (!transaction || !isConnectionLost(cause)) throw error;
        await afterLostCommit(this, transaction, use, error);
        return;
      }
      end(false);
    };
    try {
      if (begin !== undefined) await this.#begin(client, begin, use.first);
      const write = async (sql: string) => (await client.query(sql)).rowCount ?? 0;
      const together = async (...statements: readonly string[]) => {
        const results: unknown = await client.query({ text: statements.join("; "), types: textOnly });
        return ((Array.isArray(results) ? results.at(-1) : results) as QueryResult).rows as Rows;
      };
      return { connection: { client, run, together, write }, finish, fail, abandon: () => end(true) };
    } catch (cause) {
      throw await fail(cause);
    }
  }

  /** Ends all connections, and the use of the embedded server. Connections in use are waited for. */
  async close(): Promise<void> {
    const pool = this.#pool;
    this.#pool = undefined;
    if (pool) await pool.then((opened) => opened.end()).catch(() => {});
    this.#membership?.leave();
    this.#membership = undefined;
  }

  /** Connects, again after short waits when the server does not answer at once: it may be starting. */
  async #connect(use: Use): Promise<PoolClient> {
    for (const waitMs of [100, 500, null]) {
      const started = performance.now();
      try {
        return await this.#connectOnce(use);
      } catch (cause) {
        const slow = performance.now() - started > slowConnectMs;
        const passing = cause instanceof MillraceError && cause.code === "STORAGE_UNAVAILABLE" && !slow;
        if (waitMs === null || !passing) throw cause;
        await sleep(waitMs, undefined, { signal: use.signal }).catch(() => {});
        use.signal?.throwIfAborted();
      }
    }
    throw new Error("Connecting ends in the loop above.");
  }

  async #connectOnce(use: Use): Promise<PoolClient> {
    // A server that was started anew may stand at another port.
    if (this.#membership && this.#membership.access().port !== this.#port) this.#pool = undefined;
    this.#pool ??= this.#open();
    const opening = this.#pool;
    try {
      const client = await (await opening).connect();
      // A connection that breaks while it is in use is seen by the statement that runs on it.
      if (client.listenerCount("error") === 0) client.on("error", () => {});
      return client;
    } catch (cause) {
      // An embedded server that was stopped since it was last used is started by joining it anew.
      if (this.#pool === opening) await this.close();
      throw serverError(cause, { ...use, doing: "connect", server: this.#server });
    }
  }

  async #open(): Promise<Pool> {
    const { config, logger } = this.#context;
    if (await usesEmbedded(config)) {
      this.#membership ??= await joinEmbedded(config, logger);
    }
    const address = this.#membership ? embeddedAddress(config, this.#membership) : configuredAddress(config);
    this.#port = address.port;
    this.#server = serverOf(address);
    const tls = this.#membership ? {} : await tlsOptions(config);
    await ensureDatabase(address, tls);
    logger.debug({ storage: "postgres" }, `Using ${redactedUrl(address)}.`);
    const { Pool } = await loadDriver();
    const pool = new Pool({
      ...address,
      ...tls,
      ...clientOptions,
      max: config.DB_POOL,
      idleTimeoutMillis: 10_000,
      allowExitOnIdle: true,
    });
    // An idle connection that the server ended is simply not used again.
    pool.on("error", (error) => logger.debug({ storage: "postgres" }, `A connection ended: ${error.message}`));
    return pool;
  }

  /** All in one message. The last statement gives the number by which the server knows what runs here, also behind PgBouncer. */
  async #begin(client: PoolClient, begin: string, first: string | undefined): Promise<void> {
    const { LOCK_TIMEOUT, DB_STATEMENT_TIMEOUT } = this.#context.config;
    // A save waits for its batches, and a snapshot for all backups of it.
    const patience = "SET LOCAL idle_in_transaction_session_timeout = 0";
    const statements = [begin, textSettings, patience, `SET LOCAL lock_timeout = ${Math.ceil(LOCK_TIMEOUT)}`];
    if (DB_STATEMENT_TIMEOUT > 0) statements.push(`SET LOCAL statement_timeout = ${Math.ceil(DB_STATEMENT_TIMEOUT)}`);
    if (first) statements.push(first);
    statements.push("SELECT pg_catalog.pg_backend_pid() AS pid");
    const results: unknown = await client.query(statements.join("; "));
    const last = Array.isArray(results) ? (results.at(-1) as QueryResult<{ pid: number }>) : undefined;
    this.#backends.set(client, last?.rows[0]?.pid);
  }

  /** Returns what ends the watch. */
  #cancelOnAbort(client: PoolClient, signal: AbortSignal): () => void {
    const onAbort = () => void this.#cancel(client);
    signal.addEventListener("abort", onAbort, { once: true });
    return () => signal.removeEventListener("abort", onAbort);
  }

  async #cancel(client: PoolClient): Promise<void> {
    const pid = this.#backends.get(client) ?? (client as unknown as { processID?: number }).processID;
    const pool = await this.#pool?.catch(() => undefined);
    if (pid !== undefined && pool) {
      const cancelled = pool.query("SELECT pg_cancel_backend($1)", [pid]).catch(() => {});
      await Promise.race([cancelled, sleep(1_000, undefined, { ref: false })]);
    }
    // What still waits on this connection ends now; the server undoes the transaction when it sees that.
    (client as unknown as { connection: { stream: Duplex } }).connection.stream.destroy();
  }
}

/** Connecting that took longer is not tried again: the server is not just starting. */
const slowConnectMs = 2_000;

/** Tells afterwards, by `pg_xact_status`, whether a COMMIT whose reply was lost took place. */
const transactionSql = "SELECT pg_catalog.pg_current_xact_id_if_assigned() AS transaction";

async function runText(client: PoolClient, text: string, values?: readonly unknown[]): Promise<Rows> {
  const result: QueryResult = await client.query({ text, types: textOnly, ...(values && { values: [...values] }) });
  return result.rows as Rows;
}

/** Whether the connection is good for further use after a failure. An aborted one is given up. */
async function rolledBack(client: PoolClient, signal: AbortSignal | undefined): Promise<boolean> {
  if (signal?.aborted) return false;
  return client.query("ROLLBACK").then(
    () => true,
    () => false,
  );
}
