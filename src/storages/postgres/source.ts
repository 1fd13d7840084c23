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
import { readOnly } from "./database.ts";
import { fieldsOfColumns, frameColumns } from "./frame-columns.ts";
import { postgresHealth } from "./health.ts";
import { quoteTable } from "./identifiers.ts";
import { listNames } from "./list.ts";
import type { PostgresParts } from "./parts.ts";
import { queryFrame, selectQuery } from "./query.ts";
import { beginReading, type RowStream, readTable, requireRelation, streamRows } from "./read.ts";

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
    const stream = await readTable(this.#parts, { frame: source, options, batchRows: defaultBatchRows });
    return this.#collect(stream, options.signal);
  }

  /** Every piece comes from one snapshot. It lasts, and holds a connection, until the iteration ends. */
  async *getBatches(source: string, options: ReadOptions & { batchRows?: number } = {}): AsyncGenerator<DataFrame> {
    assertReadOptions(options, postgresRules);
    const { batchRows = defaultBatchRows, ...read } = options;
    const { schema, batches } = await readTable(this.#parts, { frame: source, options: read, batchRows });
    let given = 0;
    for await (const batch of batches) {
      given++;
      yield await this.#frame(schema, [batch]);
    }
    // A frame without rows is one empty piece, so that whoever copies it learns its columns.
    if (given === 0) yield await this.#frame(schema, []);
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
    const request = { frame: queryFrame, options, batchRows: defaultBatchRows, begin: readOnly, params };
    const stream = await streamRows(this.#parts, request, (connection) => selectQuery(connection, sql, params));
    return this.#collect(stream, options.signal);
  }

  async describe(name: string): Promise<FrameDescription> {
    const target = this.#parts.table(name);
    const relation = await requireRelation(this.#parts, name, target);
    const use = { doing: "read" as const, frame: name, begin: beginReading(relation, target) };
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

  async #collect({ schema, batches }: RowStream, signal: AbortSignal | undefined): Promise<DataFrame> {
    const all: RecordBatch[] = [];
    for await (const batch of batches) all.push(batch);
    signal?.throwIfAborted();
    const frame = await this.#frame(schema, all);
    signal?.throwIfAborted();
    return frame;
  }

  async #frame(schema: RowStream["schema"], batches: readonly RecordBatch[]): Promise<DataFrame> {
    if (schema.fields.length === 0) return pl.DataFrame({});
    const { Table } = arrowLibrary();
    return fromArrow(new Table(schema, [...batches]), this.#parts.config);
  }
}
