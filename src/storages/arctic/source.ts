import type { IBatchSource } from "../../contracts/batches.ts";
import type { IDataSource } from "../../contracts/data-source.ts";
import type { FrameDescription, IDescribe } from "../../contracts/describe.ts";
import type { IIdentified } from "../../contracts/identity.ts";
import type { ReadOptions } from "../../contracts/read-options.ts";
import { NotFoundError } from "../../errors.ts";
import type { DataFrame } from "../../frame/polars.ts";
import { assertSchema } from "../../frame/schema.ts";
import { applyReadOptions } from "../../frame/time-range.ts";
import { assertReadOptions } from "../options.ts";
import { schemaOfColumns } from "./column-encoding.ts";
import { arcticHealth } from "./health.ts";
import { symbolName } from "./names.ts";
import { partFor, savedTimeColumn } from "./part.ts";
import type { ArcticParts } from "./parts.ts";
import { missing, readSymbol, requireSymbol, symbolNames } from "./symbol.ts";

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
    const { library, rules, logger } = this.#parts;
    assertReadOptions(options, rules);
    const symbol = symbolName(source);
    const { signal } = options;
    const found = isWhole(options) ? null : await requireSymbol(library, symbol, { signal });
    const part = found ? partFor(found, options) : {};
    const { lazy, data } = await readSymbol(library, symbol, part, {
      logger,
      signal,
      ...(found && { stored: found.stored }),
    }).catch((cause: unknown) => (cause instanceof NotFoundError ? missing(library, symbol) : Promise.reject(cause)));
    await using _ = data;
    if (!found) return checked(await lazy.collect(), options, symbol);
    const read = new Set(data.columns.map(({ name }) => name));
    const schema = schemaOfColumns(found.stored.filter(({ name }) => read.has(name)));
    const narrowed = applyReadOptions(lazy, schema, withoutSchema(options), savedTimeColumn(found));
    return checked(await narrowed.collect(), options, symbol);
  }

  /** Every piece comes from the version that was the newest when the first was read. */
  async *getBatches(source: string, options: ReadOptions & { batchRows?: number } = {}): AsyncGenerator<DataFrame> {
    const { library, rules, logger } = this.#parts;
    assertReadOptions(options, rules);
    const symbol = symbolName(source);
    const { batchRows = defaultBatchRows, ...read } = options;
    const found = await requireSymbol(library, symbol, { signal: read.signal });
    const { version, rows, stored } = found;
    const { columns } = partFor(found, read);
    const saved = savedTimeColumn(found);
    let left = read.limit ?? Number.POSITIVE_INFINITY;
    let given = 0;
    for (let row = 0; row < Math.max(rows, 1) && (left > 0 || given === 0); row += batchRows) {
      const part = { version, rows: [row, row + batchRows] as const, ...(columns && { columns }) };
      const { lazy, data } = await readSymbol(library, symbol, part, { logger, signal: read.signal, stored });
      await using _ = data;
      const names = new Set(data.columns.map(({ name }) => name));
      const schema = schemaOfColumns(stored.filter(({ name }) => names.has(name)));
      const limit = Number.isFinite(left) ? { limit: left } : {};
      const narrowed = applyReadOptions(lazy, schema, { ...withoutSchema(read), ...limit }, saved);
      const batch = checked(await narrowed.collect(), read, symbol);
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

function withoutSchema({ schema: _, ...options }: ReadOptions): ReadOptions {
  return options;
}
