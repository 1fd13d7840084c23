import { type Column, isRecord, misfit } from "./column.ts";
import { encodeColumn } from "./encode.ts";
import { fieldOf, flatten } from "./nested.ts";
import { nullsOf } from "./nulls.ts";
import type { ColumnType } from "./types.ts";

type StructType = ColumnType & { kind: "struct" };

/** Lists, or with `size` arrays: their items are a column in turn. */
export function encodeList(column: Column, item: ColumnType, size?: number): object {
  const itemsOf = (value: unknown, row: number) => {
    const list = asList(value);
    if (!list) throw misfit(column, row, value);
    if (size !== undefined && list.length !== size) throw misfit(column, row, value, `it has ${list.length} items`);
    return list;
  };
  const { items, offsets } = flatten(column, itemsOf, size);
  const child = encodeColumn({ ...items, type: item });
  const nulls = nullsOf(column.values).buffers;
  return size === undefined ? { valueOffsets: offsets, child, ...nulls } : { child, ...nulls };
}

/** Structs: each field is a column in turn. */
export function encodeStruct(column: Column, fields: StructType["fields"]): object {
  const names = new Set(fields.map(({ name }) => name));
  for (let row = 0; row < column.values.length; row++) requireFields(column, row, names);
  const children = fields.map(({ name, type }) => encodeColumn({ ...fieldOf(column, name), type }));
  return { children, ...nullsOf(column.values).buffers };
}

/** An array, or a typed array that is read as one; null for anything else. */
export function asList(value: unknown): ArrayLike<unknown> | null {
  if (Array.isArray(value)) return value;
  return ArrayBuffer.isView(value) && !(value instanceof DataView) ? (value as Uint8Array) : null;
}

function requireFields(column: Column, row: number, names: ReadonlySet<string>): void {
  const value = column.values[row];
  if (value === null || value === undefined) return;
  if (!isRecord(value)) throw misfit(column, row, value);
  const unknown = Object.keys(value).find((key) => !names.has(key));
  if (unknown !== undefined) throw misfit(column, row, value, `the field "${unknown}" is not declared`);
}
