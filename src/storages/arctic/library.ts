import { existsSync } from "node:fs";
import type { Config } from "../../config/settings.ts";
import type { Logger } from "../../contracts/logger.ts";
import { NotFoundError, UnavailableError } from "../../errors.ts";
import { exchangeFile } from "../../frame/exchange.ts";
import { abortable } from "../../system/abort.ts";
import { type Connection, type Reply, WorkerFailure, WorkerTimeout } from "./connection.ts";
import { arcticError } from "./failure.ts";
import type { ArrowColumn } from "./stored-columns.ts";
import { parseMetadata, type SymbolMetadata } from "./symbol-metadata.ts";
import type { ArcticPlace } from "./uri.ts";
import { neededEnvironment, presentEnvironment } from "./use-environment.ts";
import { reachWorker, workerSocket } from "./worker.ts";
import { killWorker } from "./worker-place.ts";

/** The newest version of a symbol. */
export interface SymbolFacts {
  version: number;
  rows: number;
  modified: Date;
  columns: ArrowColumn[];
  /** The time index's column, if it has one. */
  index: string | null;
  /** The index's last time in nanoseconds since 1970; null without index or rows. */
  indexEnd: bigint | null;
  metadata: SymbolMetadata | null;
  bytes?: number;
}

/** Which part of a symbol to read; `rows` and `times` exclude each other. */
export interface SymbolPart {
  version?: number;
  columns?: readonly string[];
  /** From and up to, but without, these row numbers. */
  rows?: readonly [number, number];
  /** Nanoseconds since 1970, both ends included; null is open. Only for symbols with a time index. */
  times?: readonly [bigint | null, bigint | null];
}

/** A part of a symbol as an Arrow file, which goes when it is disposed of. */
export interface SymbolData extends AsyncDisposable {
  path: string;
  rows: number;
  columns: ArrowColumn[];
  metadata: SymbolMetadata | null;
}

/** What to write: an Arrow file with the index column first. */
export interface SymbolWrite {
  path: string;
  append: boolean;
  index: boolean;
  metadata: SymbolMetadata;
  /** Versions to remove once this one stands. */
  drop: readonly number[];
}

/**
 * What millrace asks of one ArcticDB library. The worker is reached on the first request, and again after it was lost.
 * A request whose worker dies or does not answer rejects with an UnavailableError; the next one gets a fresh worker.
 */
export class ArcticLibrary {
  readonly place: ArcticPlace;
  readonly #config: Config;
  readonly #logger: Logger;
  #reaching: Promise<Connection> | null = null;
  #closed = false;

  constructor(place: ArcticPlace, config: Config, logger: Logger) {
    this.place = place;
    this.#config = config;
    this.#logger = logger;
  }

  /** Starts the worker in the background where the environment is installed, so that the first request need not wait for it. */
  warm(): void {
    if (this.#reaching) return;
    void presentEnvironment(this.#config)
      .then((environment) => (environment && !this.#closed ? this.#reach() : null))
      .catch(() => {}); // The first request meets the same failure, and tells it.
  }

  /** A local place that nothing was ever written to. Reading there needs no worker, and makes nothing. */
  isNew(): boolean {
    return this.place.folder !== undefined && !existsSync(this.place.folder);
  }

  /** Sockets of the worker of this place; none when nothing is installed. */
  async sockets(): Promise<string[]> {
    const environment = await presentEnvironment(this.#config).catch(() => null);
    return environment ? [workerSocket(this.place, environment)] : [];
  }

  async health(timeoutMs: number): Promise<void> {
    await this.#request("health", {}, { doing: "look at the library", timeoutMs });
  }

  async symbols(): Promise<string[]> {
    if (this.isNew()) return [];
    const { symbols } = await this.#request("list", {}, { doing: "list the symbols" });
    return symbols as string[];
  }

  /** The newest version, or null when there is no such symbol. */
  async describe(
    symbol: string,
    options: { bytes?: boolean; signal?: AbortSignal | undefined } = {},
  ): Promise<SymbolFacts | null> {
    if (this.isNew()) return null;
    const { bytes = false, signal } = options;
    const found = await this.#request(
      "describe",
      { symbol, bytes },
      { doing: `read ${symbol}`, frame: symbol, signal },
    ).catch(missingIsNull);
    if (!found) return null;
    const facts = found as Omit<SymbolFacts, "modified" | "metadata" | "indexEnd"> & Record<string, unknown>;
    return {
      ...facts,
      modified: new Date(Number(found.modified)),
      indexEnd: typeof found.indexEnd === "string" ? BigInt(found.indexEnd) : null,
      metadata: parseMetadata(found.metadata),
    };
  }

  /** @throws NotFoundError without names that are near; the caller knows them. */
  async read(symbol: string, part: SymbolPart, signal?: AbortSignal): Promise<SymbolData> {
    if (this.isNew())
      throw new NotFoundError(`There is no ${symbol} in ArcticDB.`, { storage: "arctic", frame: symbol });
    const asked = { doing: `read ${symbol}`, frame: symbol, signal };
    const times = part.times?.map((time) => (time === null ? null : String(time)));
    let table = 0;
    const onSent = (number: number) => {
      table = number;
    };
    const answer = await this.#request("read", { symbol, ...part, ...(times && { times }) }, { ...asked, onSent });
    const file = await exchangeFile(this.#config, Number(answer.bytes));
    try {
      await this.#request("take", { table, path: file.path }, asked);
    } catch (cause) {
      await file[Symbol.asyncDispose]();
      throw cause;
    }
    return {
      path: file.path,
      rows: Number(answer.rows),
      columns: answer.columns as ArrowColumn[],
      metadata: parseMetadata(answer.metadata),
      [Symbol.asyncDispose]: () => file[Symbol.asyncDispose](),
    };
  }

  /**
   * Writes a version and resolves once it is durable. When the worker is lost on the way, what stands there then tells whether
   * it was saved. An abort is heeded until ArcticDB begins to write.
   */
  async write(symbol: string, { metadata, ...write }: SymbolWrite, signal?: AbortSignal): Promise<void> {
    const fields = { ...write, symbol, metadata: JSON.stringify(metadata) };
    const asked = { doing: `save ${symbol}`, frame: symbol, signal, finish: true };
    try {
      await this.#request("write", fields, asked);
    } catch (cause) {
      if (!(cause instanceof UnavailableError)) throw cause;
      const facts = await this.describe(symbol).catch(() => null);
      if (facts?.metadata?.save !== metadata.save) throw cause;
      this.#logger.warn({ frame: symbol }, `ArcticDB's worker ended while it saved ${symbol}; the save had succeeded.`);
    }
  }

  async delete(symbol: string): Promise<boolean> {
    if (this.isNew()) return false;
    const { deleted } = await this.#request("delete", { symbol }, { doing: `delete ${symbol}`, frame: symbol });
    return deleted === true;
  }

  async close(): Promise<void> {
    this.#closed = true;
    const connection = await this.#reaching?.catch(() => null);
    connection?.close();
  }

  async #request(
    op: string,
    fields: object,
    options: {
      doing: string;
      frame?: string;
      timeoutMs?: number;
      signal?: AbortSignal | undefined;
      /** Waits for the outcome although aborted: the worker says whether it had begun. */
      finish?: boolean;
      onSent?: (number: number) => void;
    },
  ): Promise<Reply> {
    const { doing, frame, signal, finish = false, timeoutMs = this.#config.ARCTIC_TIMEOUT, onSent } = options;
    signal?.throwIfAborted();
    let connection: Connection | null = null;
    let number = 0;
    const onAbort = () => connection?.cancel(number);
    try {
      connection = await abortable(this.#reach(), signal);
      signal?.throwIfAborted();
      const answer = connection.request(op, { library: this.place.library, ...fields }, timeoutMs, (sent) => {
        number = sent;
        onSent?.(sent);
      });
      signal?.addEventListener("abort", onAbort, { once: true });
      return await (finish ? answer : abortable(answer, signal));
    } catch (cause) {
      if (cause instanceof WorkerFailure && cause.code === "cancelled") signal?.throwIfAborted();
      if (cause instanceof WorkerTimeout) await this.#end(connection);
      throw arcticError(cause, { place: this.place, doing, ...(frame !== undefined && { frame }) });
    } finally {
      signal?.removeEventListener("abort", onAbort);
    }
  }

  /** A worker that hangs is ended, so that the next request gets a fresh one. */
  async #end(connection: Connection | null): Promise<void> {
    for (const socket of await this.sockets()) await killWorker(socket);
    connection?.close();
  }

  async #reach(): Promise<Connection> {
    if (this.#closed) throw new UnavailableError("This arctic storage was closed.", { storage: "arctic" });
    const before = this.#reaching;
    const there = await before?.catch(() => null);
    if (there?.open) return there;
    if (this.#reaching !== before) return this.#reach();
    this.#reaching = this.#connect();
    return this.#reaching;
  }

  async #connect(): Promise<Connection> {
    const environment = await neededEnvironment(this.#config, this.#logger);
    return reachWorker(this.place, environment, this.#config.ARCTIC_IDLE);
  }
}

function missingIsNull(cause: unknown): null {
  if (cause instanceof Error && "code" in cause && cause.code === "FRAME_NOT_FOUND") return null;
  throw cause;
}
