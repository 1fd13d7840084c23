import type { RecordBatch } from "apache-arrow";
import type { IBatchSource } from "../../contracts/batches.ts";
import type { IDataSource } from "../../contracts/data-source.ts";
import type { FrameDescription, IDescribe } from "../../contracts/describe.ts";
import type { IIdentified } from "../../contracts/identity.ts";
import type { ReadOptions } from "../../contracts/read-options.ts";
import { ConfigError } from "../../errors.ts";
import { fromArrow } from "../../frame/arrow.ts";
import { arrowLibrary } from "../../frame/arrow-library.ts";
import { defaultBatchRows } from "../../frame/batches.ts";
import { type DataFrame, pl } from "../../frame/polars.ts";
import { assertReadOptions } from "../options.ts";
import { postgresRules } from "./capabilities.ts";
import { describeTable } from "./catalog.ts";
import { collectBatches } from "./collect.ts";
import { type Connection, readOnly } from "./database.ts";
import { type FrameColumn, fieldsOfColumns, frameColumns } from "./frame-columns.ts";
import { postgresHealth } from "./health.ts";
import { quoteTable } from "./identifiers.ts";
import { listNames } from "./list.ts";
import { withOwnTypes } from "./own-types.ts";
import type { PostgresParts } from "./parts.ts";
import { queryFrame, selectQuery } from "./query.ts";
import {
  lockForReading,
  type ReadRequest,
  type RowStream,
  readAgain,
  readTable,
  requireRelation,
  streamRows,
} from "./read.ts";

/** Bytes of a table up to which its rows are counted for `describe`. */
const countedBytes = 64 << 20;

/**
 * Gives tables and views as frames: exactly as saved, or as other programs made them, then in PostgreSQL's own types and
 * unusual ones as text. Rows come by key, else by time; a table with neither has no order.
 */
export class PostgresSource implements IDataSource, IBatchSource, IDescribe, IIdentified {
  readonly storageId: string;
  readonly #parts: PostgresParts;

  constructor(parts: PostgresParts) {
    this.#parts = parts;
    this.storageId = parts.storageId;
  }

  async getData(source: string, options: ReadOptions = {}): Promise<DataFrame> {
    assertReadOptions(options, postgresRules);
    options.signal?.throwIfAborted();
    return readAgain(this.#parts, source, async (instead, found) => {
      const request = { frame: source, options, batchRows: defaultBatchRows, instead };
      return this.#collect(await readTable(this.#parts, request), source, found, options.signal);
    });
  }

  /** Every piece comes from one snapshot. It lasts, and holds a connection, until the iteration ends. */
  async *getBatches(source: string, options: ReadOptions & { batchRows?: number } = {}): AsyncGenerator<DataFrame> {
    assertReadOptions(options, postgresRules);
    const { batchRows = defaultBatchRows, ...read } = options;
    const { stream, first } = await readAgain(this.#parts, source, (instead, found) => {
      return this.#begin({ frame: source, options: read, batchRows, instead }, found);
    });
    try {
      yield first;
      for await (const batch of stream.batches) yield await this.#frame(stream, [batch], source);
    } finally {
      await stream.batches.return();
    }
  }

  /**
   * The result of a query of the user's own, which runs in a read-only transaction. `params` are bound to `$1`, `$2` …
   *
   * @example
   * await source.query("SELECT * FROM prices WHERE symbol = $1", ["ABC"]);
   */
  async query(
    sql: string,
    params: readonly unknown[] = [],
    options: { signal?: AbortSignal } = {},
  ): Promise<DataFrame> {
    if (typeof sql !== "string" || sql.trim() === "") {
      throw new ConfigError("query takes a SELECT as text.", { storage: "postgres" });
    }
    const request = { frame: queryFrame, options, batchRows: defaultBatchRows, params };
    return readAgain(this.#parts, queryFrame, async (instead, found) => {
      const select = (connection: Connection) => selectQuery(connection, sql, params, instead);
      return this.#collect(await streamRows(this.#parts, request, select), queryFrame, found, options.signal);
    });
  }

  async describe(name: string): Promise<FrameDescription> {
    const target = this.#parts.table(name);
    const relation = await requireRelation(this.#parts, name, target);
    const use = { doing: "read" as const, frame: name, begin: readOnly, first: lockForReading(relation, target) };
    return this.#parts.database.use(use, async (connection) => {
      const table = await describeTable(connection, relation);
      const [size] = await connection.run("SELECT pg_catalog.pg_total_relation_size($1) AS bytes", [relation.oid]);
      const bytes = Number(size?.bytes ?? 0);
      const countable = relation.kind !== "v" && relation.kind !== "f" && bytes <= countedBytes;
      const [counted] = countable ? await connection.run(`SELECT count(*) AS rows FROM ${quoteTable(target)}`) : [];
      const key = table.kept?.key ?? (table.primaryKey.length > 0 ? table.primaryKey : undefined);
      return {
        schema: { fields: fieldsOfColumns(frameColumns(table)) },
        bytes,
        // PostgreSQL does not keep when a table that millrace did not save was changed.
        modified: table.kept?.saved ?? new Date(0),
        ...(counted && { rows: Number(counted.rows) }),
        ...(table.kept?.timeColumn !== undefined && { timeColumn: table.kept.timeColumn }),
        ...(key && { key: [...key] }),
      };
    });
  }

  /** Tables and views of DB_SCHEMA that this user can read, without partitions. */
  async listSources(): Promise<string[]> {
    return listNames(this.#parts);
  }

  async healthCheck(): Promise<boolean> {
    return postgresHealth(this.#parts);
  }

  /** The first piece, which carries the columns also when there are no rows, and the stream of the others. */
  async #begin(request: ReadRequest, found: (columns: readonly FrameColumn[]) => void) {
    const stream = await readTable(this.#parts, request);
    found(stream.columns);
    try {
      const { value, done } = await stream.batches.next();
      return { stream, first: await this.#frame(stream, done ? [] : [value], request.frame) };
    } catch (cause) {
      await stream.batches.return();
      throw cause;
    }
  }

  async #collect(
    stream: RowStream,
    frame: string,
    found: (columns: readonly FrameColumn[]) => void,
    signal: AbortSignal | undefined,
  ): Promise<DataFrame> {
    found(stream.columns);
    const decoded = await collectBatches(stream.batches, (part) => this.#decoded(stream, part));
    signal?.throwIfAborted();
    const whole = await withOwnTypes(decoded, stream.columns, frame);
    signal?.throwIfAborted();
    return whole;
  }

  async #frame(stream: RowStream, batches: readonly RecordBatch[], frame: string): Promise<DataFrame> {
    return withOwnTypes(await this.#decoded(stream, batches), stream.columns, frame);
  }

  async #decoded({ schema, columns }: RowStream, batches: readonly RecordBatch[]): Promise<DataFrame> {
    if (columns.length === 0) return pl.DataFrame({});
    const { Table } = arrowLibrary();
    return fromArrow(new Table(schema, [...batches]), this.#parts.config);
  }
}
