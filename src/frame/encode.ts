import type { Data } from "apache-arrow";
import { arrowLibrary } from "./arrow-library.ts";
import { toArrowField } from "./arrow-types.ts";
import { type Column, misfit } from "./column.ts";
import { encodeNested } from "./encode-nested.ts";
import { bytesOf, textOf, toBoolean, toFloat, toInteger } from "./values.ts";
import { toDays, toDecimal, toDuration, toTicks, toTime } from "./values-time.ts";

type Numbers =
  | Int8Array
  | Int16Array
  | Int32Array
  | Uint8Array
  | Uint16Array
  | Uint32Array
  | Float32Array
  | Float64Array;
type BigInts = BigInt64Array | BigUint64Array;

const numberArrays = {
  int8: Int8Array,
  int16: Int16Array,
  int32: Int32Array,
  uint8: Uint8Array,
  uint16: Uint16Array,
  uint32: Uint32Array,
  float32: Float32Array,
  float64: Float64Array,
};

/**
 * A column as Arrow data, each value exactly.
 *
 * @throws SchemaError for the first value that does not fit, with its row.
 */
export function encodeColumn(column: Column): Data {
  const { type } = column;
  switch (type.kind) {
    case "null":
      for (let row = 0; row < column.values.length; row++) {
        const value = column.values[row];
        if (value !== null && value !== undefined) throw misfit(column, row, value);
      }
      return data(column, {});
    case "boolean":
      return encodeBooleans(column);
    case "int8":
    case "int16":
    case "int32":
    case "uint8":
    case "uint16":
    case "uint32": {
      const values = new numberArrays[type.kind](column.values.length);
      return fill(column, values, (value, row) => Number(toInteger(column, row, value)));
    }
    case "float32":
    case "float64": {
      const values = new numberArrays[type.kind](column.values.length);
      return fill(column, values, (value, row) => toFloat(column, row, value));
    }
    case "int64":
      return fillBig(column, new BigInt64Array(column.values.length), toInteger);
    case "uint64":
      return fillBig(column, new BigUint64Array(column.values.length), toInteger);
    case "date":
      return fill(column, new Int32Array(column.values.length), (value, row) => toDays(column, row, value));
    case "time":
      return fillBig(column, new BigInt64Array(column.values.length), toTime);
    case "datetime":
      return fillBig(column, new BigInt64Array(column.values.length), toTicks);
    case "duration":
      return fillBig(column, new BigInt64Array(column.values.length), toDuration);
    case "decimal":
      return encodeDecimals(column, type.scale);
    case "string":
      return encodeBytes(column, textOf);
    case "binary":
      return encodeBytes(column, bytesOf);
    case "categorical":
    case "enum":
      return encodeCategories(column, type.kind === "enum" ? type.categories : null);
    default:
      return encodeNested(column);
  }
}

/** Arrow data of a column's type from its buffers. */
export function data(column: Column, buffers: object): Data {
  const { type } = toArrowField(column.name, column.type);
  return arrowLibrary().makeData({ type, length: column.values.length, ...buffers } as Parameters<typeof makeAny>[0]);
}

declare function makeAny(props: { type: import("apache-arrow").Null; length: number }): Data;

/** Which rows hold a value: one bit each, the lowest first; and how many do not. */
export function validity(values: ArrayLike<unknown>): { nullBitmap: Uint8Array; nullCount: number } {
  const nullBitmap = new Uint8Array(Math.ceil(values.length / 64) * 8);
  let nullCount = 0;
  for (let row = 0; row < values.length; row++) {
    const value = values[row];
    if (value === null || value === undefined) nullCount++;
    else nullBitmap[row >> 3] = (nullBitmap[row >> 3] ?? 0) | (1 << (row & 7));
  }
  return { nullBitmap, nullCount };
}

function fill<Values extends Numbers>(
  column: Column,
  target: Values,
  convert: (value: unknown, row: number) => number,
): Data {
  const { values } = column;
  if (values.constructor === target.constructor) return data(column, { data: values, nullCount: 0 });
  for (let row = 0; row < values.length; row++) {
    const value = values[row];
    if (value !== null && value !== undefined) target[row] = convert(value, row);
  }
  return data(column, { data: target, ...validity(values) });
}

function fillBig<Values extends BigInts>(
  column: Column,
  target: Values,
  convert: (column: Column, row: number, value: unknown) => bigint,
): Data {
  const { values } = column;
  if (values.constructor === target.constructor) return data(column, { data: values, nullCount: 0 });
  for (let row = 0; row < values.length; row++) {
    const value = values[row];
    if (value !== null && value !== undefined) target[row] = convert(column, row, value);
  }
  return data(column, { data: target, ...validity(values) });
}

function encodeBooleans(column: Column): Data {
  const { values } = column;
  const bits = new Uint8Array(Math.ceil(values.length / 64) * 8);
  for (let row = 0; row < values.length; row++) {
    const value = values[row];
    if (value === null || value === undefined) continue;
    if (toBoolean(column, row, value)) bits[row >> 3] = (bits[row >> 3] ?? 0) | (1 << (row & 7));
  }
  return data(column, { data: bits, ...validity(values) });
}

/** 128 bits each, the lowest 64 first, in two's complement. */
function encodeDecimals(column: Column, scale: number): Data {
  const words = new BigInt64Array(column.values.length * 2);
  for (let row = 0; row < column.values.length; row++) {
    const value = column.values[row];
    if (value === null || value === undefined) continue;
    const unscaled = toDecimal(column, row, value, scale);
    words[row * 2] = BigInt.asIntN(64, unscaled);
    words[row * 2 + 1] = unscaled >> 64n;
  }
  return data(column, { data: new Uint32Array(words.buffer), ...validity(column.values) });
}

function encodeBytes(column: Column, convert: (column: Column, row: number, value: unknown) => Uint8Array): Data {
  const { values } = column;
  const valueOffsets = new BigInt64Array(values.length + 1);
  const parts: Uint8Array[] = [];
  let size = 0;
  for (let row = 0; row < values.length; row++) {
    const value = values[row];
    if (value !== null && value !== undefined) {
      const bytes = convert(column, row, value);
      parts.push(bytes);
      size += bytes.length;
    }
    valueOffsets[row + 1] = BigInt(size);
  }
  return data(column, { valueOffsets, data: Buffer.concat(parts, size), ...validity(values) });
}

function encodeCategories(column: Column, declared: readonly string[] | null): Data {
  const numbers = new Map((declared ?? []).map((category, number) => [category, number]));
  const indices = new Uint32Array(column.values.length);
  for (let row = 0; row < column.values.length; row++) {
    const value = column.values[row];
    if (value === null || value === undefined) continue;
    textOf(column, row, value);
    const category = String(value);
    let number = numbers.get(category);
    if (number === undefined) {
      if (declared) throw misfit(column, row, value, "it is none of the categories");
      number = numbers.size;
      numbers.set(category, number);
    }
    indices[row] = number;
  }
  const texts = encodeColumn({ name: column.name, type: { kind: "string" }, values: [...numbers.keys()] });
  const dictionary = new (arrowLibrary().Vector)([texts]);
  return data(column, { data: indices, dictionary, ...validity(column.values) });
}
