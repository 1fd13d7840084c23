import type { FrameField } from "../../contracts/frame-schema.ts";
import type { Logger } from "../../contracts/logger.ts";
import { type ColumnType, parseType, typeText } from "../../frame/types.ts";
import type { Table, TableColumn } from "./catalog.ts";
import { declaredCast } from "./declared-cast.ts";
import { orderColumn, quote } from "./identifiers.ts";
import { baseType, holds, isTextual, nativeType, readMapping } from "./types.ts";

/** A column of a table as a column of a frame. */
export interface FrameColumn {
  readonly name: string;
  readonly type: ColumnType;
  readonly nullable: boolean;
  /** The column's type in PostgreSQL. */
  readonly sql: string;
  /** Types that take the place of `type` where a value turns out not to be of it, the nearest first. */
  readonly instead: readonly ColumnType[];
  /** The reader declares the type, so no value may differ from what is in the table. */
  readonly declared?: boolean;
}

/** Columns that are read as another type than the kept one, since a value is none of that. */
export type Instead = ReadonlyMap<string, ColumnType>;

/**
 * The frame that a table or view stands for: columns in the order in which the frame was saved, with its types. What another
 * program changed since wins: a column of another type is read as that, and one that was added follows at the end.
 */
export function frameColumns({ columns, kept }: Table, logger?: Logger): FrameColumn[] {
  if (!kept) return columns.filter(({ name }) => name !== orderColumn).map((column) => nativeColumn(column));
  const found = new Map(columns.map((column) => [column.name, column]));
  const bound = new Map(kept.bound);
  const own = kept.schema.fields.flatMap((field) => {
    const column = found.get(field.name);
    if (!column) {
      logger?.warn({ storage: "postgres" }, `Column "${field.name}" was dropped by another program.`);
      return [];
    }
    return [keptColumn(column, field, bound.get(field.name), logger)];
  });
  const added = columns.filter(({ name }) => !bound.has(name) && name !== orderColumn);
  return [...own, ...added.map((column) => nativeColumn(column, [text]))];
}

const text: ColumnType = { kind: "string" };

function keptColumn(column: TableColumn, field: FrameField, bound: string | undefined, logger?: Logger): FrameColumn {
  const type = parseType(field.type);
  if (column.sql === bound && holds(column.sql, type)) {
    const { name, sql } = column;
    return { name, type, nullable: field.nullable, sql, instead: [nativeType(sql), text] };
  }
  const now = nativeColumn(column, [text]);
  const change = `from ${bound ?? "?"} to ${column.sql}; it is read as ${typeText(now.type)}`;
  logger?.warn({ storage: "postgres" }, `Another program changed column "${column.name}" ${change}.`);
  return now;
}

/** Arrays of several dimensions are no lists: those are always read as text then. */
function nativeColumn(
  { name, sql, notNull }: Pick<TableColumn, "name" | "sql" | "notNull">,
  instead?: ColumnType[],
): FrameColumn {
  const type = nativeType(sql);
  return { name, type, nullable: !notNull, sql, instead: instead ?? (type.kind === "list" ? [text] : []) };
}

/** A column of a query's result. */
export function queryColumn(name: string, sql: string): FrameColumn {
  return nativeColumn({ name, sql, notNull: false });
}

/** The columns with the types that take the place of theirs. */
export function replaceTypes(columns: readonly FrameColumn[], instead: Instead): FrameColumn[] {
  return columns.map((column) => ({ ...column, type: instead.get(column.name) ?? column.type }));
}

/** The fields of a frame's schema. */
export function fieldsOfColumns(columns: readonly FrameColumn[]): FrameField[] {
  return columns.map(({ name, type, nullable }) => ({ name, type: typeText(type), nullable }));
}

/** How a column is selected so that its bytes are those of its type in the frame. */
export function selectExpression({ name, sql, type, declared }: FrameColumn, place = 0): string {
  const wanted = readMapping(sql, type).sql;
  const same = baseType(sql) === baseType(wanted) || (wanted === "text" && isTextual(sql));
  if (same) return quote(name);
  return declared ? declaredCast({ name, sql, type }, place) : `${quote(name)}::${wanted}`;
}
