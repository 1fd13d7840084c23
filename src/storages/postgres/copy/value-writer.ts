import type { Data } from "apache-arrow";
import { halvesOf } from "./format.ts";

/** Makes the error for a value that PostgreSQL can't hold. */
export type Refuse = (row: number, what: string, remedy: string) => Error;

/** Writes the values of one column, each without the length that stands before it. */
export interface ValueWriter {
  /** Bytes of every value, when all have the same number. */
  readonly fixed: number | null;
  /** Bytes of a value. */
  size(row: number): number;
  write(view: DataView, bytes: Buffer, at: number, row: number): void;
  /** Writes many fields, each where `places` says and with its length before it, and moves that on: quicker than one by one. */
  writeRows?(rows: FieldRows, nulls: Data | null): void;
  /** Refuses what can't be held, for many rows at once where that is quicker. */
  check?(from: number, to: number): void;
  /** Where the value lies already. */
  bytesOf?(row: number): Buffer;
}

/** Fields of rows from `from` to `to` on their way into a chunk. */
export interface FieldRows {
  readonly view: DataView;
  readonly bytes: Buffer;
  /** Where the field of each row begins. */
  readonly places: Uint32Array;
  readonly from: number;
  readonly to: number;
}

/** Whether a value is null. */
export function isNull({ nullCount, nullBitmap, offset }: Data, row: number): boolean {
  if (nullCount === 0) return false;
  // Only a column of the type null has no bits.
  if (!nullBitmap || nullBitmap.length === 0) return true;
  return (((nullBitmap[(offset + row) >> 3] as number) >> ((offset + row) & 7)) & 1) === 0;
}

/** Offsets of 32 or 64 bits as numbers. */
export function offsetsOf(data: Data): (index: number) => number {
  const offsets: Int32Array | BigInt64Array = data.valueOffsets;
  if (!(offsets instanceof BigInt64Array)) return (index) => offsets[index] as number;
  const halves = halvesOf(offsets);
  return (index) => ((halves[2 * index] as number) >>> 0) + (halves[2 * index + 1] as number) * 2 ** 32;
}
