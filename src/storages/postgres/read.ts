import type { RecordBatch, Schema } from "apache-arrow";
import type { ReadOptions } from "../../contracts/read-options.ts";
import { FidelityError, NotFoundError, type SchemaError } from "../../errors.ts";
import { typeText } from "../../frame/types.ts";
import { didYouMean } from "../../system/nearest.ts";
import { describeTable, findRelation, listTables, type Relation, type Table } from "./catalog.ts";
import { CopyOut } from "./copy/copy-out.ts";
import { arrowSchema, decodeRows } from "./copy/decode.ts";
import { Misfit } from "./copy/misfit.ts";
import { type Connection, readOnly } from "./database.ts";
import { refusedCast } from "./declared-cast.ts";
import { isNew } from "./embedded/choice.ts";
import { type FrameColumn, frameColumns, type Instead, selectExpression } from "./frame-columns.ts";
import { quote, quoteTable, type TableName } from "./identifiers.ts";
import type { PostgresParts } from "./parts.ts";
import { fetchBound } from "./query.ts";
import { retrySerialization } from "./retry.ts";
import { noCast, type Selection, selectFrame } from "./select.ts";
import { fieldsOf } from "./server-error.ts";

/** A read that has begun: its columns, and its rows as they arrive. Iterate `batches` once, to the end or not. */
export interface RowStream {
  readonly schema: Schema;
  readonly columns: readonly FrameColumn[];
  readonly batches: AsyncGenerator<RecordBatch, void>;
}

/** What to read, and how. */
export interface ReadRequest {
  /** The frame's name, for errors. */
  readonly frame: string;
  readonly options: ReadOptions;
  readonly batchRows: number;
  readonly instead?: Instead;
}

interface StreamRequest extends ReadRequest {
  /** See `Use`. */
  readonly first?: string | undefined;
  readonly name?: TableName;
  /** Values for `$1`, `$2` … */
  readonly params?: readonly unknown[];
}

/**
 * The table or view of that name. An embedded server that was never used is not made to look for it.
 *
 * @throws NotFoundError with the nearest names.
 */
export async function requireRelation(
  { database, canonical, config }: PostgresParts,
  frame: string,
  name: TableName,
  signal?: AbortSignal,
) {
  const look = async (connection: Connection) => {
    const found = await findRelation(connection, name);
    return { relation: found, others: found ? [] : await listTables(connection, name.schema) };
  };
  const fresh = await isNew(config);
  const { relation, others } = fresh
    ? { relation: null, others: [] }
    : await database.use({ doing: "read", frame, signal }, look);
  if (relation) return relation;
  const where = name.schema === config.DB_SCHEMA ? "" : ` in the schema "${name.schema}"`;
  throw new NotFoundError(`There is no table or view "${canonical(frame)}"${where}.${didYouMean(name.table, others)}`, {
    storage: "postgres",
    frame,
  });
}

/**
 * What comes first in a transaction that sees one state of the database. The table is locked before the state is taken: a change
 * of its columns that comes between could otherwise show it without rows. Readers' locks hinder no writer of rows.
 */
export function lockForReading(relation: Relation, name: TableName): string | undefined {
  const lockable = relation.kind === "r" || relation.kind === "p" || relation.kind === "v";
  return lockable ? `LOCK TABLE ${quoteTable(name)} IN ACCESS SHARE MODE` : undefined;
}

/** Begins to read a table or view. */
export async function readTable(parts: PostgresParts, request: ReadRequest): Promise<RowStream> {
  const { frame, options, instead = new Map() } = request;
  const name = parts.table(frame);
  const relation = await requireRelation(parts, frame, name, options.signal);
  const select = async (connection: Connection): Promise<Selection> => {
    const table: Table = await describeTable(connection, relation);
    const columns = frameColumns(table, instead.size === 0 ? parts.logger : undefined);
    logTextual(parts, frame, columns);
    return selectFrame(table, columns, { name, frame, options, instead });
  };
  return streamRows(parts, { ...request, name, first: lockForReading(relation, name) }, select);
}

/** Runs what `select` resolves with in a transaction, and streams its rows. The transaction ends with the iteration. */
export async function streamRows(
  { database }: PostgresParts,
  { frame, options, batchRows, first, name, params = [] }: StreamRequest,
  select: (connection: Connection) => Promise<Selection>,
): Promise<RowStream> {
  const { signal } = options;
  const session = await database.open({ doing: "read", frame, signal, name, begin: readOnly, first });
  let selection: Selection;
  try {
    selection = await select(session.connection);
  } catch (cause) {
    throw await session.fail(cause);
  }
  const { sql, columns, decoded } = selection;
  const { client } = session.connection;
  async function* batches(): AsyncGenerator<RecordBatch, void> {
    let open = true;
    try {
      if (columns.length > 0) {
        const bytes =
          params.length > 0
            ? fetchBound(session.connection, selection, params)
            : client.query(new CopyOut(`COPY (${sql}) TO STDOUT (FORMAT binary)`));
        yield* decodeRows(bytes, decoded, { frame, batchRows });
      }
      signal?.throwIfAborted();
      open = false;
      await session.finish();
    } catch (cause) {
      if (!open) throw cause;
      open = false;
      throw await session.fail(castMisfit(cause, columns, frame) ?? cause);
    } finally {
      // The iteration was left in the middle.
      if (open) session.abandon();
    }
  }
  return { schema: arrowSchema(decoded), columns, batches: batches() };
}

/**
 * The server could not cast a value: SQLSTATE class 22. Of declared types it mostly says in which column, else not. The other two
 * states tell that there is no such cast at all.
 */
function castMisfit(
  cause: unknown,
  columns: readonly FrameColumn[],
  frame: string,
): SchemaError | FidelityError | null {
  const { code } = fieldsOf(cause);
  const message = cause instanceof Error ? cause.message : "";
  const refused = refusedCast(message);
  const column = refused && columns[refused.place];
  if (column)
    return new Misfit(
      column.name,
      null,
      `${JSON.stringify(refused.value)}, which is no ${typeText(column.type)}`,
      frame,
    );
  const cast = columns.filter((each) => selectExpression(each) !== quote(each.name));
  const declared = cast.filter((each) => each.declared);
  if (code === "42846" || code === "42883") {
    const first = declared.find(({ sql }) => message.includes(sql)) ?? declared[0];
    return first ? noCast(first, frame, cause) : null;
  }
  if (!code.startsWith("22")) return null;
  const kept = cast.find(({ instead }) => instead.length > 0);
  const [one, ...more] = kept ? [kept] : declared;
  if (!one) return null;
  const what = `a value that PostgreSQL can't cast to ${typeText(one.type)}: ${message}`;
  if (more.length === 0) return new Misfit(one.name, null, what, frame);
  const names = declared.map(({ name, type }) => `"${name}" (${typeText(type)})`).join(", ");
  return new FidelityError(`One of the columns ${names} holds a value that PostgreSQL can't cast: ${message}.`, {
    storage: "postgres",
    frame,
    hint: "Declare string for that column.",
    cause,
  });
}

/**
 * Runs a read again with other types, as long as a value turns out to be none of its column's: then it was put there by another
 * program, and the store's own type counts.
 */
export async function readAgain<T>(
  { logger }: PostgresParts,
  frame: string,
  read: (instead: Instead, found: (columns: readonly FrameColumn[]) => void) => Promise<T>,
): Promise<T> {
  const instead = new Map<string, FrameColumn["type"]>();
  for (;;) {
    let columns: readonly FrameColumn[] = [];
    try {
      return await retrySerialization(() =>
        read(instead, (found) => {
          columns = found;
        }),
      );
    } catch (cause) {
      if (!(cause instanceof Misfit)) throw cause;
      const column = columns.find(({ name }) => name === cause.column);
      const next = column && nextType(column);
      if (!column || !next) throw cause;
      instead.set(column.name, next);
      logger.warn(
        { storage: "postgres", frame },
        `${cause.message} It is no ${typeText(column.type)}, so the column is read as ${typeText(next)}.`,
      );
    }
  }
}

/** The type after the present one. Each has to differ, so that this ends. */
function nextType({ type, instead }: FrameColumn): FrameColumn["type"] | undefined {
  const at = instead.findLastIndex((each) => typeText(each) === typeText(type));
  return instead.slice(at + 1).find((each) => typeText(each) !== typeText(type));
}

function logTextual({ logger }: PostgresParts, frame: string, columns: readonly FrameColumn[]): void {
  const textual = columns.filter(({ type, sql }) => type.kind === "string" && !/^(text|character|name)/.test(sql));
  if (textual.length === 0) return;
  const list = textual.map(({ name, sql }) => `"${name}" (${sql})`).join(", ");
  logger.debug({ storage: "postgres", frame }, `Read as text: ${list}.`);
}
