import type { DeclaredSchema } from "../../contracts/frame-schema.ts";
import type { ReadOptions } from "../../contracts/read-options.ts";
import { SchemaError } from "../../errors.ts";
import { readSchema, requireColumns } from "../../frame/schema.ts";
import { resolveTimeColumn, timeBounds } from "../../frame/time-range.ts";
import { type ColumnType, parseType, sameType, typeText } from "../../frame/types.ts";
import type { Table } from "./catalog.ts";
import { decodedColumn } from "./copy/fields.ts";
import type { DecodedColumn } from "./copy/misfit.ts";
import { type FrameColumn, fieldsOfColumns, type Instead, replaceTypes, selectExpression } from "./frame-columns.ts";
import { orderColumn, quote, quoteTable, type TableName } from "./identifiers.ts";
import { mappingOf, nativeType, widens } from "./types.ts";

/** A SELECT and what its columns become. */
export interface Selection {
  readonly sql: string;
  readonly columns: readonly FrameColumn[];
  readonly decoded: readonly DecodedColumn[];
}

/**
 * The SELECT that reads a part of a table or view.
 *
 * @throws SchemaError for columns that are not there, and for declared types that can't be had.
 */
export function selectFrame(
  table: Table,
  found: readonly FrameColumn[],
  { name, frame, options, instead }: { name: TableName; frame: string; options: ReadOptions; instead: Instead },
): Selection {
  const place = { storage: "postgres", frame };
  const typed = replaceTypes(found, instead);
  const all = options.schema ? declare(typed, options.schema, frame) : typed;
  const schema = { fields: fieldsOfColumns(all) };
  if (options.columns) requireColumns(schema, options.columns, place);
  const wanted = options.columns?.map((column) => all.find((each) => each.name === column) as FrameColumn) ?? all;
  const parts = [
    `SELECT ${wanted.map((column, place) => selectExpression(column, place)).join(", ")} FROM ${quoteTable(name)}`,
  ];
  if (options.from !== undefined || options.to !== undefined) {
    const time = resolveTimeColumn({ fields: fieldsOfColumns(found) }, options, table.kept?.timeColumn, place);
    const column = found.find((each) => each.name === time) as FrameColumn;
    parts.push(`WHERE ${within(column, options)}`);
  }
  const order = orderOf(table);
  if (order.length > 0) parts.push(`ORDER BY ${order.map(ordering).join(", ")}`);
  if (options.limit !== undefined) parts.push(`LIMIT ${options.limit}`);
  return selection(parts.join(" "), wanted);
}

export function selection(sql: string, columns: readonly FrameColumn[]): Selection {
  return { sql, columns, decoded: columns.map((column) => decodedColumn(column.name, column.sql, column.type)) };
}

/** The columns by which rows come back: as saved when that was asked for, else by key, else by time. */
function orderOf({ columns, kept, primaryKey }: Table): readonly string[] {
  const there = (names: readonly string[]) =>
    names.length > 0 && names.every((name) => columns.some((c) => c.name === name));
  const candidates = [
    // Without the right to keep anything, the column alone says so.
    kept?.keepOrder || !kept ? [orderColumn] : [],
    kept?.key ?? [],
    kept?.timeColumn === undefined ? [] : [kept.timeColumn],
    primaryKey,
  ];
  return candidates.find(there) ?? [];
}

/** Rows that were there before the first save with keepOrder have no number. */
function ordering(column: string): string {
  return column === orderColumn ? `${quote(column)} NULLS FIRST` : quote(column);
}

/** Applies the types that the reader declares. They win where a value can be turned into them without loss, or as text. */
function declare(found: readonly FrameColumn[], declared: DeclaredSchema, frame: string): FrameColumn[] {
  const schema = readSchema(declared);
  requireColumns(
    { fields: fieldsOfColumns(found) },
    schema.fields.map(({ name }) => name),
    { storage: "postgres", frame },
  );
  return found.map((column) => {
    const field = schema.fields.find(({ name }) => name === column.name);
    if (!field) return column;
    const type = parseType(field.type);
    if (!canBe(column, type)) throw noCast({ ...column, type }, frame);
    return { ...column, type, nullable: field.nullable, instead: [], declared: true };
  });
}

/** The error for a declared type of which the column's type has nothing. */
export function noCast({ name, sql, type }: FrameColumn, frame: string, cause?: unknown): SchemaError {
  return new SchemaError(`Column "${name}" is ${sql} in the table and can't be read as ${typeText(type)}.`, {
    storage: "postgres",
    frame,
    hint: "Declare string, or leave the column out of the schema.",
    cause,
  });
}

function canBe({ sql, type: own }: FrameColumn, type: ColumnType): boolean {
  const mapping = mappingOf(type);
  if (sameType(own, type) || type.kind === "string") return true;
  // A time without its zone is another one.
  if (/^time(\(\d\))? with time zone$/.test(sql) && type.kind === "time") return false;
  return widens(sql, mapping.sql) || widens(mapping.sql, sql) || nativeType(sql).kind === "string";
}

/** `from <= time < to`. The bounds are whole numbers, made here, so they can stand in the SQL. */
function within(column: FrameColumn, { from, to, nullTimes }: ReadOptions): string {
  const bounds = timeBounds(column.type, from, to);
  const name = quote(column.name);
  const conditions = [`${name} IS NOT NULL`];
  if (bounds.from !== undefined) conditions.push(`${name} >= ${moment(column, bounds.from)}`);
  if (bounds.to !== undefined) conditions.push(`${name} < ${moment(column, bounds.to)}`);
  const all = conditions.join(" AND ");
  return nullTimes === "keep" ? `(${all} OR ${name} IS NULL)` : all;
}

/** Days are the coarsest and the finest an interval counts exactly together with microseconds of less than a day. */
const dayMicros = 86_400_000_000n;

function moment({ type, sql }: FrameColumn, ticks: bigint): string {
  if (type.kind !== "datetime") return `(date '1970-01-01' + ${ticks})`;
  // A bound between two microseconds is rounded up, which keeps `from <= time < to` exact.
  const micros =
    type.unit === "ms"
      ? ticks * 1000n
      : type.unit === "ns"
        ? -(-ticks / 1000n - (-ticks % 1000n < 0n ? 1n : 0n))
        : ticks;
  const rest = ((micros % dayMicros) + dayMicros) % dayMicros;
  const start = sql.includes("with time zone") ? "timestamptz '1970-01-01 00:00:00+00'" : "timestamp '1970-01-01'";
  return `(${start} + interval '${(micros - rest) / dayMicros} days ${rest} microseconds')`;
}
