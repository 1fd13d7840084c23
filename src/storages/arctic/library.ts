import { existsSync } from "node:fs";
import type { Config } from "../../config/settings.ts";
import type { Logger } from "../../contracts/logger.ts";
import { NotFoundError, SaveError, UnavailableError } from "../../errors.ts";
import { WorkerClient } from "./client.ts";
import type { Connection, Reply } from "./connection.ts";
import type { ArrowColumn } from "./stored-columns.ts";
import { parseMetadata, type SymbolMetadata } from "./symbol-metadata.ts";
import type { ArcticPlace } from "./uri.ts";

/** One version of a symbol: by its number, the newest at a moment (nanoseconds since 1970), or that of a snapshot. */
export type Version = { version: number } | { moment: string } | { snapshot: string };

/** What tells one version from another, and what millrace kept with it. */
export interface VersionMetadata {
  version: number;
  metadata: SymbolMetadata | null;
}

/** One version of a symbol. */
export interface SymbolFacts extends VersionMetadata {
  rows: number;
  modified: Date;
  columns: ArrowColumn[];
  /** The time index's column, if it has one. */
  index: string | null;
  /** The index's last time in nanoseconds since 1970; null without index or rows. */
  indexEnd: bigint | null;
  bytes?: number;
}

/** One version in the list of all. */
export interface ListedVersion extends VersionMetadata {
  /** When it was written, in nanoseconds since 1970. */
  moment: bigint;
  /** Whether only snapshots still hold it. */
  deleted: boolean;
  snapshots: string[];
}

/** Buckets of time: `[result, column, function]` of each result. */
export interface Resampling {
  every: string;
  columns: readonly (readonly [result: string, column: string, how: string])[];
}

/** Which part of a symbol to read; `rows` and `times` exclude each other. */
export interface SymbolPart {
  /** Default: the newest. */
  of?: Version;
  columns?: readonly string[];
  /** From and up to, but without, these row numbers. */
  rows?: readonly [number, number];
  /** Nanoseconds since 1970, both ends included; null is open. Only for symbols with a time index. */
  times?: readonly [bigint | null, bigint | null];
  /** Only for symbols with a time index. */
  aggregate?: Resampling;
}

/** A part of a symbol, which the worker holds until this is disposed of. */
export interface SymbolData extends AsyncDisposable {
  version: number;
  rows: number;
  bytes: number;
  columns: ArrowColumn[];
  metadata: SymbolMetadata | null;
  /** Whether it was written from Arrow, as millrace does, and not from pandas. */
  arrow: boolean;
  /** A small part as the bytes of an Arrow file. */
  inline: Buffer | null;
  /** Writes all rows, or those from and up to but without these numbers, to an Arrow file. */
  take(path: string, rows?: readonly [number, number]): Promise<void>;
}

/** What to write: an Arrow file with the index column first; a small one as its bytes. */
export interface SymbolWrite {
  arrow: { path: string } | { data: Buffer };
  /** `update` replaces all rows between the first and the last time of the file. */
  mode: "replace" | "append" | "update";
  index: boolean;
  /** Whether an append merges the small pieces that earlier ones left. */
  compact: boolean;
  metadata: SymbolMetadata;
  /** Versions to remove once this one stands. */
  drop: readonly number[];
}

type Signal = AbortSignal | undefined;

/** What millrace asks of one ArcticDB library. */
export class ArcticLibrary {
  readonly place: ArcticPlace;
  readonly #client: WorkerClient;
  readonly #logger: Logger;

  constructor(place: ArcticPlace, config: Config, logger: Logger) {
    this.place = place;
    this.#client = new WorkerClient(place, config, logger);
    this.#logger = logger;
  }

  /** Starts the worker in the background where the environment is installed, so that the first request need not wait for it. */
  warm(): void {
    this.#client.warm();
  }

  /** A local place that nothing was ever written to. Reading there needs no worker, and makes nothing. */
  isNew(): boolean {
    return this.place.folder !== undefined && !existsSync(this.place.folder);
  }

  sockets(): Promise<string[]> {
    return this.#client.sockets();
  }

  async health(timeoutMs: number): Promise<void> {
    await this.#client.request("health", {}, { doing: "look at the library", timeoutMs, spareWorker: true });
  }

  /** @param options.tables leaves out what is no table, which takes a look at each. */
  async symbols({ tables }: { tables: boolean }): Promise<string[]> {
    if (this.isNew()) return [];
    const { symbols } = await this.#client.request("list", { tables }, { doing: "list the symbols" });
    return symbols as string[];
  }

  /** Null when there is no such symbol or version. */
  async describe(
    symbol: string,
    options: { bytes?: boolean; of?: Version; signal?: Signal } = {},
  ): Promise<SymbolFacts | null> {
    const { bytes = false, of, signal } = options;
    const found = await this.#find("describe", symbol, { bytes, ...of }, signal);
    return found && factsOf(found);
  }

  /** The quick part of `describe`. */
  async version(symbol: string, options: { of?: Version; signal?: Signal } = {}): Promise<VersionMetadata | null> {
    const found = await this.#find("describe", symbol, { brief: true, ...options.of }, options.signal);
    return found && { version: Number(found.version), metadata: parseMetadata(found.metadata) };
  }

  /** All versions, newest first; null when there is no such symbol. */
  async versions(symbol: string): Promise<ListedVersion[] | null> {
    const found = await this.#find("versions", symbol, {});
    return (
      found &&
      (found.versions as Reply[]).map(({ version, moment, deleted, snapshots, metadata }) => ({
        version: Number(version),
        moment: BigInt(moment as string),
        deleted: deleted === true,
        snapshots: snapshots as string[],
        metadata: parseMetadata(metadata),
      }))
    );
  }

  /** @throws NotFoundError without names that are near; the caller knows them. */
  async read(symbol: string, { of, times, ...part }: SymbolPart, signal?: AbortSignal): Promise<SymbolData> {
    if (this.isNew())
      throw new NotFoundError(`There is no ${symbol} in ArcticDB.`, { storage: "arctic", frame: symbol });
    const asked = { doing: `read ${symbol}`, frame: symbol, signal };
    let release = () => {};
    let on: Connection | undefined;
    let table = 0;
    const onSent = (number: number, connection: Connection) => {
      on = connection;
      table = number;
      release = () => connection.cancel(number);
    };
    const bounds = times?.map((time) => (time === null ? null : String(time)));
    const fields = { symbol, ...of, ...part, ...(bounds && { times: bounds }) };
    const answer = await this.#client.request("read", fields, { ...asked, onSent });
    const inline = typeof answer.data === "string" ? Buffer.from(answer.data, "base64") : null;
    return {
      version: Number(answer.version),
      rows: Number(answer.rows),
      bytes: Number(answer.bytes),
      columns: answer.columns as ArrowColumn[],
      metadata: parseMetadata(answer.metadata),
      arrow: answer.arrow === true,
      inline,
      take: async (path, rows) => {
        await this.#client.request("take", { table, path, ...(rows && { rows }) }, { ...asked, on });
      },
      async [Symbol.asyncDispose]() {
        if (!inline) release();
      },
    };
  }

  /**
   * Waits for the changes of a symbol that are under way, and lets only this storage change it from now on. Of a program that was
   * killed the worker may still have one.
   */
  async claim(symbol: string, signal?: Signal): Promise<void> {
    if (this.isNew()) return;
    await this.#client.request("claim", { symbol }, { doing: `save ${symbol}`, frame: symbol, signal });
  }

  /**
   * Writes a version and resolves once it is durable. When the worker is lost on the way, what stands there then tells whether
   * it was saved. An abort is heeded until ArcticDB begins to write.
   */
  async write(symbol: string, { metadata, arrow, ...write }: SymbolWrite, signal?: AbortSignal): Promise<void> {
    const file = "data" in arrow ? { data: arrow.data.toString("base64") } : arrow;
    await this.#change("write", symbol, { ...write, ...file }, metadata, signal);
  }

  /** Makes an earlier version the newest again, without copying its data. Null keeps that version's metadata. */
  async restore(symbol: string, of: Version, metadata: SymbolMetadata | null, drop: readonly number[]): Promise<void> {
    await this.#change("restore", symbol, { ...of, drop }, metadata);
  }

  /** Removes versions, and resolves with those that were there. What a snapshot holds stays in it. */
  async prune(symbol: string, versions: readonly number[]): Promise<number[]> {
    const asked = { doing: `remove versions of ${symbol}`, frame: symbol };
    const { removed } = await this.#client.request("prune", { symbol, versions }, asked);
    return removed as number[];
  }

  async delete(symbol: string): Promise<boolean> {
    if (this.isNew()) return false;
    const { deleted } = await this.#client.request("delete", { symbol }, { doing: `delete ${symbol}`, frame: symbol });
    return deleted === true;
  }

  /** @param metadata is JSON text. @param symbols defaults to all. */
  async snapshot(snapshot: string, metadata: string, symbols?: readonly string[]): Promise<void> {
    const fields = { snapshot, metadata, ...(symbols && { symbols }) };
    await this.#client.request("snapshot", fields, { doing: `make the snapshot ${snapshot}` });
  }

  /** All snapshots, with what millrace kept with them. */
  async snapshots(): Promise<{ name: string; metadata: unknown }[]> {
    if (this.isNew()) return [];
    const { snapshots } = await this.#client.request("snapshots", {}, { doing: "list the snapshots" });
    return snapshots as { name: string; metadata: unknown }[];
  }

  async snapshotSymbols(snapshot: string): Promise<string[]> {
    const asked = { doing: `list the snapshot ${snapshot}` };
    const { symbols } = await this.#client.request("snapshot_symbols", { snapshot }, asked);
    return symbols as string[];
  }

  async deleteSnapshot(snapshot: string): Promise<boolean> {
    if (this.isNew()) return false;
    const asked = { doing: `delete the snapshot ${snapshot}` };
    const { deleted } = await this.#client.request("delete_snapshot", { snapshot }, asked);
    return deleted === true;
  }

  close(): Promise<void> {
    return this.#client.close();
  }

  async #find(op: string, symbol: string, fields: object, signal?: Signal): Promise<Reply | null> {
    if (this.isNew()) return null;
    const asked = { doing: `read ${symbol}`, frame: symbol, signal };
    return this.#client.request(op, { symbol, ...fields }, asked).catch(missingIsNull);
  }

  async #change(
    op: string,
    symbol: string,
    fields: object,
    metadata: SymbolMetadata | null,
    signal?: Signal,
  ): Promise<void> {
    const asked = { doing: `save ${symbol}`, frame: symbol, signal, finish: true };
    const text = metadata && JSON.stringify(metadata);
    try {
      await this.#client.request(op, { symbol, ...fields, metadata: text }, asked);
    } catch (cause) {
      const isOpen = cause instanceof UnavailableError || (cause instanceof SaveError && cause.code === "DISK_FULL");
      if (!isOpen || !metadata) throw cause;
      const found = await this.version(symbol).catch(() => null);
      if (found?.metadata?.save !== metadata.save) throw cause;
      this.#logger.warn({ frame: symbol }, `ArcticDB's worker ended while it saved ${symbol}; the save had succeeded.`);
    }
  }
}

function factsOf(found: Reply): SymbolFacts {
  const facts = found as unknown as Omit<SymbolFacts, "modified" | "metadata" | "indexEnd">;
  return {
    ...facts,
    modified: new Date(Number(found.modified)),
    indexEnd: typeof found.indexEnd === "string" ? BigInt(found.indexEnd) : null,
    metadata: parseMetadata(found.metadata),
  };
}

function missingIsNull(cause: unknown): null {
  if (cause instanceof Error && "code" in cause && cause.code === "FRAME_NOT_FOUND") return null;
  throw cause;
}
