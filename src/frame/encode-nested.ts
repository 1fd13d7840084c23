import type { Data } from "apache-arrow";
import { SchemaError } from "../errors.ts";
import { type Column, misfit } from "./column.ts";
import { data, encodeColumn, validity } from "./encode.ts";

/** Lists, arrays and structs: their parts are columns in turn. */
export function encodeNested(column: Column): Data {
  switch (column.type.kind) {
    case "list": {
      const items: unknown[] = [];
      const valueOffsets = new Int32Array(column.values.length + 1);
      for (let row = 0; row < column.values.length; row++) {
        const list = column.values[row];
        if (list !== null && list !== undefined) items.push(...itemsOf(column, row, list));
        valueOffsets[row + 1] = items.length;
      }
      const child = encodeColumn({ name: `${column.name}[]`, type: column.type.item, values: items });
      return data(column, { valueOffsets, child, ...validity(column.values) });
    }
    case "array": {
      const { item, size } = column.type;
      const items: unknown[] = [];
      for (let row = 0; row < column.values.length; row++) {
        const value = column.values[row];
        if (value === null || value === undefined) {
          for (let n = 0; n < size; n++) items.push(null);
          continue;
        }
        const list = itemsOf(column, row, value);
        if (list.length !== size) throw misfit(column, row, value, `it has ${list.length} items`);
        for (const one of list) items.push(one);
      }
      const child = encodeColumn({ name: `${column.name}[]`, type: item, values: items });
      return data(column, { child, ...validity(column.values) });
    }
    case "struct": {
      const { fields } = column.type;
      for (let row = 0; row < column.values.length; row++) checkStruct(column, row, fields);
      const children = fields.map(({ name, type }) =>
        encodeColumn({
          name: `${column.name}.${name}`,
          type,
          values: Array.from(column.values, (value) => (value as Record<string, unknown> | null | undefined)?.[name]),
        }),
      );
      return data(column, { children, ...validity(column.values) });
    }
    default:
      throw new SchemaError(`Column "${column.name}" is no list, array or struct.`);
  }
}

function itemsOf(column: Column, row: number, value: unknown): ArrayLike<unknown> & Iterable<unknown> {
  if (Array.isArray(value)) return value;
  if (ArrayBuffer.isView(value) && !(value instanceof DataView)) return value as Uint8Array;
  throw misfit(column, row, value);
}

function checkStruct(column: Column, row: number, fields: readonly { name: string }[]): void {
  const value = column.values[row];
  if (value === null || value === undefined) return;
  if (typeof value !== "object" || Array.isArray(value) || value instanceof Date || ArrayBuffer.isView(value)) {
    throw misfit(column, row, value);
  }
  const unknown = Object.keys(value).find((key) => !fields.some(({ name }) => name === key));
  if (unknown !== undefined) throw misfit(column, row, value, `the field "${unknown}" is not declared`);
}
