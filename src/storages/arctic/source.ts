import type { IBatchSource } from "../../contracts/batches.ts";
import type { IDataSource } from "../../contracts/data-source.ts";
import type { FrameDescription, IDescribe } from "../../contracts/describe.ts";
import type { IIdentified } from "../../contracts/identity.ts";
import type { ReadOptions } from "../../contracts/read-options.ts";
import type { IStamped } from "../../contracts/stamped.ts";
import { NotFoundError, SchemaError } from "../../errors.ts";
import { exactColumn } from "../../frame/access.ts";
import { type DataFrame, pl } from "../../frame/polars.ts";
import { assertRead } from "../../frame/schema.ts";
import { applyReadOptions } from "../../frame/time-range.ts";
import { assertReadOptions, exceptOption } from "../options.ts";
import { resample } from "./aggregate.ts";
import { versionOf } from "./as-of.ts";
import { arcticHealth } from "./health.ts";
import type { Version } from "./library.ts";
import { symbolName } from "./names.ts";
import { type Aggregate, type ArcticReadOptions, type AsOf, assertArcticReadOptions } from "./options.ts";
import { partFor, savedTimeColumn } from "./part.ts";
import type { ArcticParts } from "./parts.ts";
import type { StoredColumn } from "./stored-columns.ts";
import { type FoundSymbol, missing, requireSymbol, symbolNames } from "./symbol.ts";
import { type Narrow, SymbolRows } from "./symbol-rows.ts";
import { type ArcticSnapshot, type ArcticVersion, listSnapshots, listVersions } from "./versions.ts";

const defaultBatchRows = 65_536;

/** Gives the symbols of an ArcticDB library as frames: exactly as saved, or as Python wrote them. */
export class ArcticSource implements IDataSource, IBatchSource, IDescribe, IStamped, IIdentified {
  readonly storageId: string;
  readonly #parts: ArcticParts;

  constructor(parts: ArcticParts) {
    this.#parts = parts;
    this.storageId = parts.storageId;
  }

  async getData(source: string, options: ArcticReadOptions = {}): Promise<DataFrame> {
    const { library, rules } = this.#parts;
    assertReadOptions(options, exceptOption(rules, "batchRows"));
    assertArcticReadOptions(options);
    const symbol = symbolName(source);
    const of = versionOf(options.asOf);
    if (options.aggregate) return this.#aggregated(symbol, options.aggregate, options);
    if (!isWhole(options)) return this.#part(symbol, options);
    await using rows = await SymbolRows.read(this.#parts, symbol, {
      part: { ...(of && { of }) },
      signal: options.signal,
    }).catch((cause: unknown) =>
      cause instanceof NotFoundError ? missing(library, symbol, of) : Promise.reject(cause),
    );
    return checked(await rows.frame(), options, symbol);
  }

  async #part(symbol: string, options: ArcticReadOptions): Promise<DataFrame> {
    const { asOf, signal, ...read } = options;
    const found = await requireSymbol(this.#parts.library, symbol, { of: versionOf(asOf), signal });
    const { part, rest } = partFor(found, read);
    await using rows = await SymbolRows.read(this.#parts, symbol, {
      part: { ...part, of: exactly(found, asOf) },
      columns: found,
      signal,
    });
    return checked(await rows.frame(narrowing(found, rest)), options, symbol);
  }

  async #aggregated(symbol: string, aggregate: Aggregate, options: ArcticReadOptions): Promise<DataFrame> {
    const { asOf, signal, timeColumn, from, to, limit } = options;
    const found = await requireSymbol(this.#parts.library, symbol, { of: versionOf(asOf), signal });
    const { resampling, columns, counts } = resample(found, aggregate, timeColumn);
    const time = timeColumn ?? found.index ?? undefined;
    const range = { ...(from && { from }), ...(to && { to }), ...(time && { timeColumn: time }) };
    const { times } = partFor(found, range).part;
    await using rows = await SymbolRows.read(this.#parts, symbol, {
      part: { of: exactly(found, asOf), aggregate: resampling, ...(times && { times }) },
      columns: (data) => ({ stored: columns(data.columns), changed: found.changed }),
      signal,
    });
    const narrow: Narrow = (buckets) => {
      const counted = buckets.withColumns(
        ...counts.map((name) => exactColumn(name).fillNull(pl.lit(0).cast(pl.UInt64))),
      );
      return limit === undefined ? counted : counted.head(limit);
    };
    return checked(await rows.frame(narrow), options, symbol);
  }

  /** Every piece comes from the version that was the newest when the first was read. */
  async *getBatches(
    source: string,
    options: Omit<ArcticReadOptions, "aggregate"> & { batchRows?: number } = {},
  ): AsyncGenerator<DataFrame> {
    const { library, rules } = this.#parts;
    assertReadOptions(options, exceptOption(rules, "aggregate"));
    const symbol = symbolName(source);
    const { batchRows = defaultBatchRows, asOf, ...read } = options;
    const found = await requireSymbol(library, symbol, { of: versionOf(asOf), signal: read.signal });
    const of = exactly(found, asOf);
    const { rows } = found;
    const { columns } = partFor(found, read).part;
    let { stored, changed } = found;
    let left = read.limit ?? Number.POSITIVE_INFINITY;
    let given = 0;
    for (let row = 0; row < Math.max(rows, 1) && (left > 0 || given === 0); row += batchRows) {
      const part = { of, rows: [row, row + batchRows] as const, ...(columns && { columns }) };
      const known = { stored, changed };
      await using piece = await SymbolRows.read(this.#parts, symbol, { part, columns: known, signal: read.signal });
      changed = false; // It is told once.
      const limit = Number.isFinite(left) ? { limit: left } : {};
      const batch = checked(await piece.frame(narrowing(found, { ...read, ...limit })), read, symbol);
      if (given > 0) requireSameTypes(piece.stored, stored, symbol);
      stored = piece.stored;
      // A frame without rows is one empty piece, so that whoever copies it learns its columns.
      const last = row + batchRows >= rows;
      if (batch.height === 0 && !(last && given === 0)) continue;
      left -= batch.height;
      given += 1;
      yield batch;
    }
  }

  async describe(name: string): Promise<FrameDescription> {
    const found = await requireSymbol(this.#parts.library, symbolName(name), { bytes: true });
    const { timeColumn, key } = found.metadata ?? {};
    return {
      schema: found.schema,
      rows: found.rows,
      bytes: found.bytes ?? 0,
      modified: found.modified,
      ...(timeColumn !== undefined && { timeColumn }),
      ...(key && { key }),
    };
  }

  async stamp(name: string): Promise<string> {
    const { version, modified } = await requireSymbol(this.#parts.library, symbolName(name));
    return `${version} of ${modified.toISOString()}`;
  }

  /** All versions of a symbol, newest first: those that can be read, and those that only snapshots still hold. */
  async listVersions(name: string): Promise<ArcticVersion[]> {
    return listVersions(this.#parts.library, symbolName(name));
  }

  /** All snapshots, newest first. */
  async listSnapshots(): Promise<ArcticSnapshot[]> {
    return listSnapshots(this.#parts.library);
  }

  async listSources(): Promise<string[]> {
    return symbolNames(this.#parts.library);
  }

  async healthCheck(): Promise<boolean> {
    return arcticHealth(this.#parts);
  }
}

/** The version that was found, so that a later one does not come between. One that a snapshot holds has only that name. */
function exactly({ version }: FoundSymbol, asOf: AsOf | undefined): Version {
  const of = versionOf(asOf);
  return of && "snapshot" in of ? of : { version };
}

/** Whether nothing narrows the read. */
function isWhole({ columns, from, to, limit, timeColumn }: ReadOptions): boolean {
  return [columns, from, to, limit, timeColumn].every((option) => option === undefined);
}

/** A declared schema is a promise about the frame: it has to be kept. */
function checked(found: DataFrame, { schema, columns, signal }: ReadOptions, frame: string): DataFrame {
  signal?.throwIfAborted();
  assertRead(found, { schema, columns }, { storage: "arctic", frame });
  return found;
}

/** What the options leave of the rows that ArcticDB gave. */
function narrowing(found: FoundSymbol, { schema: _, ...options }: ReadOptions): Narrow | undefined {
  if (isWhole(options)) return undefined;
  return (rows, schema) => applyReadOptions(rows, schema, options, savedTimeColumn(found));
}

function requireSameTypes(found: readonly StoredColumn[], wanted: readonly StoredColumn[], symbol: string): void {
  const other = found.find(({ name, type }) => wanted.some((column) => column.name === name && column.type !== type));
  if (!other) return;
  throw new SchemaError(
    `Column "${other.name}" of ${symbol} was changed by another program, which kept millrace's metadata: a value in this batch has not the type of those before.`,
    { storage: "arctic", frame: symbol, hint: "Read it whole with getData, which gives ArcticDB's own types." },
  );
}
