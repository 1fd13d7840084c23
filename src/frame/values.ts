import { type Column, misfit } from "./column.ts";

/** A whole number within the column's range. Numbers beyond 2^53 are refused: they may stand for their neighbour. */
export function toInteger(column: Column, row: number, value: unknown): bigint {
  if (typeof value === "number") {
    if (!Number.isInteger(value)) throw misfit(column, row, value);
    if (!Number.isSafeInteger(value)) throw misfit(column, row, value, "give it as a bigint, as in 12n");
  } else if (typeof value !== "bigint") throw misfit(column, row, value);
  const whole = BigInt(value);
  const [least, greatest] = rangeOf(column.type.kind);
  if (whole < least || whole > greatest) throw misfit(column, row, value);
  return whole;
}

/** The least and the greatest whole number of an integer type. */
export function rangeOf(kind: string): [bigint, bigint] {
  const bits = BigInt(kind.replace(/\D/g, ""));
  return kind.startsWith("u") ? [0n, 2n ** bits - 1n] : [-(2n ** (bits - 1n)), 2n ** (bits - 1n) - 1n];
}

/** NaN, -0 and the infinities are kept. */
export function toFloat(column: Column, row: number, value: unknown): number {
  const float = typeof value === "bigint" ? Number(value) : value;
  if (typeof float !== "number") throw misfit(column, row, value);
  if (typeof value === "bigint" && (!Number.isFinite(float) || BigInt(float) !== value))
    throw misfit(column, row, value);
  if (column.type.kind === "float32" && !Number.isNaN(float) && Math.fround(float) !== float) {
    throw misfit(column, row, value, "round it with Math.fround, or declare float64");
  }
  return float;
}

export function toBoolean(column: Column, row: number, value: unknown): boolean {
  if (typeof value !== "boolean") throw misfit(column, row, value);
  return value;
}

/** A text that UTF-8 can hold. */
export function toText(column: Column, row: number, value: unknown): string {
  if (typeof value !== "string") throw misfit(column, row, value);
  if (!value.isWellFormed()) throw misfit(column, row, value, "it is no valid Unicode");
  return value;
}

export function bytesOf(column: Column, row: number, value: unknown): Uint8Array {
  if (value instanceof Uint8Array) return value;
  if (value instanceof ArrayBuffer) return new Uint8Array(value);
  throw misfit(column, row, value);
}
