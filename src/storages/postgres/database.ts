import type { Duplex } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import type { Pool, PoolClient, QueryResult } from "pg";
import type { Config } from "../../config/settings.ts";
import { UnavailableError } from "../../errors.ts";
import type { StorageContext } from "../context.ts";
import { type Address, configuredAddress, embeddedAddress, redactedUrl, serverOf } from "./address.ts";
import { type Driver, loadDriver, textOnly } from "./driver.ts";
import { usesEmbedded } from "./embedded/choice.ts";
import { joinEmbedded, type Membership } from "./embedded/join.ts";
import { quote } from "./identifiers.ts";
import { type Action, fieldsOf, serverError } from "./server-error.ts";

/** A connection in use, with the server's values as text. */
export interface Connection {
  readonly client: PoolClient;
  readonly driver: Driver;
  /** Runs one statement with bound parameters. */
  run(sql: string, values?: readonly unknown[]): Promise<Rows>;
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
export interface Use extends Omit<Action, "server"> {
  readonly signal?: AbortSignal | undefined;
  /** Statements that open the use, such as `BEGIN`; what was begun is committed when the work resolves. */
  readonly begin?: string;
}

/** Settings that values as text depend on. With `SET LOCAL` they hold behind PgBouncer too. */
const textSettings =
  "SET LOCAL TimeZone = 'UTC'; SET LOCAL DateStyle = 'ISO, YMD'; SET LOCAL IntervalStyle = 'iso_8601'; " +
  "SET LOCAL extra_float_digits = 1; SET LOCAL bytea_output = 'hex'";

/** Opens a transaction that sees one state of the database and can change nothing. */
export const readOnly = `BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; ${textSettings}`;

/** Opens a transaction whose waits for locks end after `lockTimeoutMs`. */
export function readWrite(lockTimeoutMs: number): string {
  return `BEGIN ISOLATION LEVEL READ COMMITTED; ${textSettings}; SET LOCAL lock_timeout = ${Math.ceil(lockTimeoutMs)}`;
}

/** A project's PostgreSQL: the pool of connections to it, opened on first use. Close it. */
export class Database {
  readonly #context: StorageContext;
  #pool: Promise<Pool> | undefined;
  #membership: Membership | undefined;
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
    const fail = async (cause: unknown): Promise<unknown> => {
      end(begin === undefined || !(await rolledBack(client, signal)));
      return signal?.aborted ? signal.reason : serverError(cause, { ...use, server: this.#server });
    };
    const finish = async () => {
      try {
        if (begin !== undefined) await client.query("COMMIT");
      } catch (cause) {
        throw await fail(cause);
      }
      end(false);
    };
    try {
      const driver = await loadDriver();
      if (begin !== undefined) await client.query(begin);
      const run = (sql: string, values?: readonly unknown[]) => runText(client, sql, values);
      const write = async (sql: string) => (await client.query(sql)).rowCount ?? 0;
      return { connection: { client, driver, run, write }, finish, fail, abandon: () => end(true) };
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

  async #connect(use: Use, again = false): Promise<PoolClient> {
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
      const error = serverError(cause, { ...use, doing: "connect", server: this.#server });
      const restarted = this.#membership !== undefined && !again && error.code === "STORAGE_UNAVAILABLE";
      if (this.#pool === opening) await this.close();
      // The embedded server was stopped since it was last used: joining starts it.
      if (restarted) return this.#connect(use, true);
      throw error;
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
    const tls = this.#membership ? {} : tlsOptions(config);
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

  /** Returns what ends the watch. */
  #cancelOnAbort(client: PoolClient, signal: AbortSignal): () => void {
    const onAbort = () => void this.#cancel(client);
    signal.addEventListener("abort", onAbort, { once: true });
    return () => signal.removeEventListener("abort", onAbort);
  }

  async #cancel(client: PoolClient): Promise<void> {
    const pid = (client as unknown as { processID?: number }).processID;
    const pool = await this.#pool?.catch(() => undefined);
    if (pid !== undefined && pool) {
      const cancelled = pool.query("SELECT pg_cancel_backend($1)", [pid]).catch(() => {});
      await Promise.race([cancelled, sleep(1_000, undefined, { ref: false })]);
    }
    // What still waits on this connection ends now; the server undoes the transaction when it sees that.
    (client as unknown as { connection: { stream: Duplex } }).connection.stream.destroy();
  }
}

const clientOptions = { connectionTimeoutMillis: 10_000, keepAlive: true, application_name: "millrace" };

interface Tls {
  ssl?: boolean | { rejectUnauthorized: boolean };
}

function tlsOptions({ DB_TLS }: Config): Tls {
  if (DB_TLS === "verify") return { ssl: true };
  return DB_TLS === "require" ? { ssl: { rejectUnauthorized: false } } : {};
}

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

/**
 * Makes the database when it is missing and the user may.
 *
 * @throws UnavailableError with the statement to run when the user may not.
 */
async function ensureDatabase(address: Address, tls: Tls): Promise<void> {
  if (await databaseThere(address, tls)) return;
  const { Client } = await loadDriver();
  const statement = `CREATE DATABASE ${quote(address.database)}`;
  const client = new Client({ ...address, ...tls, ...clientOptions, database: "postgres" });
  client.on("error", () => {});
  try {
    await client.connect();
    await client.query(statement);
  } catch (cause) {
    // 42P04, 23505: another process made it meanwhile.
    if (["42P04", "23505"].includes(fieldsOf(cause).code)) return;
    throw new UnavailableError(
      `The database ${address.database} at ${serverOf(address)} does not exist, and could not be made: ${messageOf(cause)}`,
      { storage: "postgres", code: "ACCESS_DENIED", cause, hint: `Have somebody who may run: ${statement};` },
    );
  } finally {
    await client.end().catch(() => {});
  }
}

async function databaseThere(address: Address, tls: Tls): Promise<boolean> {
  const { Client } = await loadDriver();
  const client = new Client({ ...address, ...tls, ...clientOptions });
  client.on("error", () => {});
  try {
    await client.connect();
    return true;
  } catch (cause) {
    if (fieldsOf(cause).code === "3D000") return false;
    throw cause;
  } finally {
    await client.end().catch(() => {});
  }
}

function messageOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
