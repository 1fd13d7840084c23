import type { IBatchSource } from "../../contracts/batches.ts";
import type { IDataSource } from "../../contracts/data-source.ts";
import type { FrameDescription, IDescribe } from "../../contracts/describe.ts";
import type { IIdentified } from "../../contracts/identity.ts";
import type { ReadOptions } from "../../contracts/read-options.ts";
import { NotFoundError, SchemaError } from "../../errors.ts";
import type { DataFrame } from "../../frame/polars.ts";
import { assertSchema } from "../../frame/schema.ts";
import { applyReadOptions } from "../../frame/time-range.ts";
import { assertReadOptions } from "../options.ts";
import { arcticHealth } from "./health.ts";
import { symbolName } from "./names.ts";
import { partFor, savedTimeColumn } from "./part.ts";
import type { ArcticParts } from "./parts.ts";
import type { StoredColumn } from "./stored-columns.ts";
import { type FoundSymbol, missing, requireSymbol, symbolNames } from "./symbol.ts";
import { type Narrow, SymbolRows } from "./symbol-rows.ts";

const defaultBatchRows = 65_536;

/** Gives the symbols of an ArcticDB library as frames: exactly as saved, or as Python wrote them. */
export class ArcticSource implements IDataSource, IBatchSource, IDescribe, IIdentified {
  readonly storageId: string;
  readonly #parts: ArcticParts;

  constructor(parts: ArcticParts) {
    this.#parts = parts;
    this.storageId = parts.storageId;
  }

  async getData(source: string, options: ReadOptions = {}): Promise<DataFrame> {
    const { library, rules } = this.#parts;
    assertReadOptions(options, rules);
    const symbol = symbolName(source);
    const { signal } = options;
    const found = isWhole(options) ? null : await requireSymbol(library, symbol, { signal });
    const known = found && { part: partFor(found, options), found };
    await using rows = await SymbolRows.read(this.#parts, symbol, { ...known, signal }).catch((cause: unknown) =>
      cause instanceof NotFoundError ? missing(library, symbol) : Promise.reject(cause),
    );
    return checked(await rows.frame(found ? narrowing(found, options) : undefined), options, symbol);
  }

  /** Every piece comes from the version that was the newest when the first was read. */
  async *getBatches(source: string, options: ReadOptions & { batchRows?: number } = {}): AsyncGenerator<DataFrame> {
    const { library, rules } = this.#parts;
    assertReadOptions(options, rules);
    const symbol = symbolName(source);
    const { batchRows = defaultBatchRows, ...read } = options;
    const found = await requireSymbol(library, symbol, { signal: read.signal });
    const { version, rows } = found;
    const { columns } = partFor(found, read);
    let { stored, changed } = found;
    let left = read.limit ?? Number.POSITIVE_INFINITY;
    let given = 0;
    for (let row = 0; row < Math.max(rows, 1) && (left > 0 || given === 0); row += batchRows) {
      const part = { version, rows: [row, row + batchRows] as const, ...(columns && { columns }) };
      const known = { stored, changed };
      await using piece = await SymbolRows.read(this.#parts, symbol, { part, found: known, signal: read.signal });
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

  async listSources(): Promise<string[]> {
    return symbolNames(this.#parts.library);
  }

  async healthCheck(): Promise<boolean> {
    return arcticHealth(this.#parts);
  }
}

/** Whether nothing narrows the read. */
function isWhole({ columns, from, to, limit, timeColumn }: ReadOptions): boolean {
  return [columns, from, to, limit, timeColumn].every((option) => option === undefined);
}

/** A declared schema is a promise about the frame: it has to be kept. */
function checked(found: DataFrame, { schema, signal }: ReadOptions, frame: string): DataFrame {
  signal?.throwIfAborted();
  if (schema) assertSchema(found, schema, { storage: "arctic", frame });
  return found;
}

/** What the options leave of the rows that ArcticDB gave. */
function narrowing(found: FoundSymbol, { schema: _, ...options }: ReadOptions): Narrow {
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
