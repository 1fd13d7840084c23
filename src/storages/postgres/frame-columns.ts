import type { FrameField } from "../../contracts/frame-schema.ts";
import type { Logger } from "../../contracts/logger.ts";
import { type ColumnType, parseType, typeText } from "../../frame/types.ts";
import type { Table, TableColumn } from "./catalog.ts";
import { baseType, holds, mappingOf, nativeType } from "./column-types.ts";
import { orderColumn, quote } from "./identifiers.ts";

/** A column of a table as a column of a frame. */
export interface FrameColumn {
  readonly name: string;
  readonly type: ColumnType;
  readonly nullable: boolean;
  /** The column's type in PostgreSQL. */
  readonly sql: string;
}

/**
 * The frame that a table or view stands for: columns in the order in which the frame was saved, with its types. What another
 * program changed since wins: a column of another type is read as that, and one that was added follows at the end.
 */
export function frameColumns({ columns, kept }: Table, logger?: Logger): FrameColumn[] {
  if (!kept) return columns.filter(({ name }) => name !== orderColumn).map(nativeColumn);
  const found = new Map(columns.map((column) => [column.name, column]));
  const own = kept.schema.fields.flatMap((field) => {
    const column = found.get(field.name);
    if (!column) {
      logger?.info({ storage: "postgres" }, `Column "${field.name}" was dropped by another program.`);
      return [];
    }
    return [keptColumn(column, field, kept.bound[field.name], logger)];
  });
  const added = columns.filter(({ name }) => !(name in kept.bound) && name !== orderColumn);
  return [...own, ...added.map(nativeColumn)];
}

function keptColumn(column: TableColumn, field: FrameField, bound: string | undefined, logger?: Logger): FrameColumn {
  const type = parseType(field.type);
  if (column.sql === bound && holds(column.sql, type)) {
    return { name: column.name, type, nullable: field.nullable, sql: column.sql };
  }
  const now = nativeColumn(column);
  const change = `from ${bound ?? "?"} to ${column.sql}; it is read as ${typeText(now.type)}`;
  logger?.info({ storage: "postgres" }, `Another program changed column "${column.name}" ${change}.`);
  return now;
}

function nativeColumn({ name, sql, notNull }: TableColumn): FrameColumn {
  return { name, type: nativeType(sql), nullable: !notNull, sql };
}

/** The fields of a frame's schema. */
export function fieldsOfColumns(columns: readonly FrameColumn[]): FrameField[] {
  return columns.map(({ name, type, nullable }) => ({ name, type: typeText(type), nullable }));
}

/** Types whose bytes in binary COPY are their text. */
const textual = /^(text|character varying|character|name|json|xml|citext)(\(\d+\))?$/;

/** How a column is selected so that its bytes are those of its type in the frame. */
export function selectExpression({ name, sql, type }: Pick<FrameColumn, "name" | "sql" | "type">): string {
  const wanted = mappingOf(type)?.sql ?? "text";
  const same = baseType(sql) === wanted || (wanted === "text" && textual.test(sql));
  return same ? quote(name) : `${quote(name)}::${wanted}`;
}
