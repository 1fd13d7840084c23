import { type Column, misfit } from "./column.ts";
import { Nulls } from "./nulls.ts";
import { rangeOf, toBoolean, toFloat, toInteger } from "./values.ts";
import { toDecimal } from "./values-time.ts";

const smallArrays = {
  int8: Int8Array,
  int16: Int16Array,
  int32: Int32Array,
  uint8: Uint8Array,
  uint16: Uint16Array,
  uint32: Uint32Array,
};

/**
 * A typed array as it is, in memory of its own: apache-arrow's writer takes buffers that overlap, such as one array given for two
 * columns, for one, and gives wrong values.
 */
export function ownCopy(values: ArrayLike<unknown>): object {
  return { data: (values as Float64Array).slice(), nullCount: 0 };
}

/** Numbers of 32 bits or less. */
export function encodeSmall(column: Column, kind: keyof typeof smallArrays): object {
  const { values } = column;
  if (values.constructor === smallArrays[kind]) return ownCopy(values);
  const target = new smallArrays[kind](values.length);
  const nulls = new Nulls(values.length);
  const [least, greatest] = rangeOf(kind).map(Number) as [number, number];
  for (let row = 0; row < values.length; row++) {
    const value = values[row];
    if (typeof value === "number" && Number.isInteger(value) && value >= least && value <= greatest)
      target[row] = value;
    else if (value === null || value === undefined) nulls.mark(row);
    else target[row] = Number(toInteger(column, row, value));
  }
  return { data: target, ...nulls.buffers };
}

export function encodeFloats(column: Column, kind: "float32" | "float64"): object {
  const { values } = column;
  const array = kind === "float64" ? Float64Array : Float32Array;
  if (values.constructor === array) return ownCopy(values);
  const target = new array(values.length);
  const nulls = new Nulls(values.length);
  const wide = kind === "float64";
  for (let row = 0; row < values.length; row++) {
    const value = values[row];
    if (wide && typeof value === "number") target[row] = value;
    else if (value === null || value === undefined) nulls.mark(row);
    else target[row] = toFloat(column, row, value);
  }
  return { data: target, ...nulls.buffers };
}

/** 64-bit integers. A number goes in as its two halves, which spares a bigint. */
export function encodeIntegers(column: Column, kind: "int64" | "uint64"): object {
  const { values } = column;
  const array = kind === "int64" ? BigInt64Array : BigUint64Array;
  if (values.constructor === array) return ownCopy(values);
  const target = new array(values.length);
  const halves = new Int32Array(target.buffer);
  const nulls = new Nulls(values.length);
  const signed = kind === "int64";
  for (let row = 0; row < values.length; row++) {
    const value = values[row];
    if (typeof value === "bigint") {
      if ((signed ? BigInt.asIntN(64, value) : BigInt.asUintN(64, value)) !== value) throw misfit(column, row, value);
      target[row] = value;
    } else if (value === null || value === undefined) nulls.mark(row);
    else if (Number.isSafeInteger(value) && (signed || (value as number) >= 0)) setHalves(halves, row, value as number);
    else target[row] = toInteger(column, row, value);
  }
  return { data: target, ...nulls.buffers };
}

/** Writes a safe integer as a 64-bit one: the low half first, as everywhere in Arrow. */
export function setHalves(halves: Int32Array, row: number, value: number): void {
  halves[row * 2] = value | 0;
  halves[row * 2 + 1] = Math.floor(value / 4_294_967_296);
}

/** 64-bit integers from values of another kind. */
export function encodeWide(column: Column, convert: (column: Column, row: number, value: unknown) => bigint): object {
  const { values } = column;
  const target = new BigInt64Array(values.length);
  const nulls = new Nulls(values.length);
  for (let row = 0; row < values.length; row++) {
    const value = values[row];
    if (value === null || value === undefined) nulls.mark(row);
    else target[row] = convert(column, row, value);
  }
  return { data: target, ...nulls.buffers };
}

export function encodeBooleans(column: Column): object {
  const { values } = column;
  const bits = new Uint8Array(Math.ceil(values.length / 64) * 8);
  const nulls = new Nulls(values.length);
  for (let row = 0; row < values.length; row++) {
    const value = values[row];
    if (value === null || value === undefined) nulls.mark(row);
    else if (toBoolean(column, row, value)) bits[row >> 3] = (bits[row >> 3] ?? 0) | (1 << (row & 7));
  }
  return { data: bits, ...nulls.buffers };
}

/** 128 bits each, the lowest 64 first, in two's complement. */
export function encodeDecimals(column: Column, scale: number): object {
  const { values } = column;
  const words = new BigInt64Array(values.length * 2);
  const nulls = new Nulls(values.length);
  for (let row = 0; row < values.length; row++) {
    const value = values[row];
    if (value === null || value === undefined) {
      nulls.mark(row);
      continue;
    }
    const unscaled = toDecimal(column, row, value, scale);
    words[row * 2] = BigInt.asIntN(64, unscaled);
    words[row * 2 + 1] = unscaled >> 64n;
  }
  return { data: new Uint32Array(words.buffer), ...nulls.buffers };
}
