import type { RecordBatch, Schema } from "apache-arrow";
import type { ReadOptions } from "../../contracts/read-options.ts";
import { NotFoundError } from "../../errors.ts";
import { didYouMean } from "../../system/nearest.ts";
import { describeTable, findRelation, listTables, type Relation, type Table } from "./catalog.ts";
import { arrowSchema, decodeRows } from "./copy-decode.ts";
import { type Connection, readOnly } from "./database.ts";
import { isNew } from "./embedded/choice.ts";
import { frameColumns } from "./frame-columns.ts";
import { quoteTable, type TableName } from "./identifiers.ts";
import type { PostgresParts } from "./parts.ts";
import { fetchBound } from "./query.ts";
import { type Selection, selectFrame } from "./select.ts";

/** A read that has begun: its columns, and its rows as they arrive. Iterate `batches` once, to the end or not. */
export interface RowStream {
  readonly schema: Schema;
  readonly batches: AsyncGenerator<RecordBatch, void>;
}

/** What to read, and how. */
export interface ReadRequest {
  /** The frame's name, for errors. */
  readonly frame: string;
  readonly options: ReadOptions;
  readonly batchRows: number;
}

/**
 * The table or view of that name. An embedded server that was never used is not made to look for it.
 *
 * @throws NotFoundError with the nearest names.
 */
export async function requireRelation({ database, canonical, config }: PostgresParts, frame: string, name: TableName) {
  const look = async (connection: Connection) => {
    const found = await findRelation(connection, name);
    return { relation: found, others: found ? [] : await listTables(connection, name.schema) };
  };
  const fresh = await isNew(config);
  const { relation, others } = fresh
    ? { relation: null, others: [] }
    : await database.use({ doing: "read", frame }, look);
  if (relation) return relation;
  const where = name.schema === config.DB_SCHEMA ? "" : ` in the schema "${name.schema}"`;
  throw new NotFoundError(`There is no table or view "${canonical(frame)}"${where}.${didYouMean(name.table, others)}`, {
    storage: "postgres",
    frame,
  });
}

/**
 * Opens a transaction that sees one state of the database. The table is locked before the state is taken: a change of its
 * columns that comes between could otherwise show it without rows. Readers' locks hinder no writer of rows.
 */
export function beginReading(relation: Relation, name: TableName): string {
  const lockable = relation.kind === "r" || relation.kind === "p" || relation.kind === "v";
  return lockable ? `${readOnly}; LOCK TABLE ${quoteTable(name)} IN ACCESS SHARE MODE` : readOnly;
}

/** Begins to read a table or view. */
export async function readTable(parts: PostgresParts, request: ReadRequest): Promise<RowStream> {
  const { frame, options } = request;
  const name = parts.table(frame);
  const relation = await requireRelation(parts, frame, name);
  const select = async (connection: Connection): Promise<Selection> => {
    const table: Table = await describeTable(connection, relation);
    const columns = frameColumns(table, parts.logger);
    logTextual(parts, frame, table);
    return selectFrame(table, columns, { name, frame, options });
  };
  return streamRows(parts, { ...request, begin: beginReading(relation, name) }, select);
}

/** Runs what `select` resolves with in a transaction, and streams its rows. The transaction ends with the iteration. */
export async function streamRows(
  { database }: PostgresParts,
  { frame, options, batchRows, begin, params = [] }: ReadRequest & { begin: string; params?: readonly unknown[] },
  select: (connection: Connection) => Promise<Selection>,
): Promise<RowStream> {
  const { signal } = options;
  const session = await database.open({ doing: "read", frame, signal, begin });
  let selection: Selection;
  try {
    selection = await select(session.connection);
  } catch (cause) {
    throw await session.fail(cause);
  }
  const { sql, columns } = selection;
  const { client, driver } = session.connection;
  async function* batches(): AsyncGenerator<RecordBatch, void> {
    let open = true;
    try {
      if (columns.length > 0) {
        const bytes =
          params.length > 0
            ? fetchBound(session.connection, selection, params)
            : client.query(driver.copyTo(`COPY (${sql}) TO STDOUT (FORMAT binary)`));
        yield* decodeRows(bytes, columns, { frame, batchRows });
      }
      signal?.throwIfAborted();
      open = false;
      await session.finish();
    } catch (cause) {
      if (!open) throw cause;
      open = false;
      throw await session.fail(cause);
    } finally {
      // The iteration was left in the middle.
      if (open) session.abandon();
    }
  }
  return { schema: arrowSchema(columns), batches: batches() };
}

function logTextual({ logger }: PostgresParts, frame: string, table: Table): void {
  const textual = frameColumns(table).filter(
    ({ type, sql }) => type.kind === "string" && !/^(text|character|name)/.test(sql),
  );
  if (textual.length === 0) return;
  const list = textual.map(({ name, sql }) => `"${name}" (${sql})`).join(", ");
  logger.debug({ storage: "postgres", frame }, `Read as text: ${list}.`);
}
