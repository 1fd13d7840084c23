/**
 * PostgreSQL's binary COPY format, which encode.ts writes and decode.ts reads. Everything is big-endian.
 *
 *     header   11 bytes  "PGCOPY\n" 0xff "\r\n" 0x00
 *              int32     flags, 0
 *              int32     length of an extension, 0
 *     row      int16     number of fields
 *       field  int32     length of the value in bytes, -1 for null
 *              bytes     the value: write-fixed.ts and read-values.ts have the layout of each type
 *     trailer  int16     -1
 *
 * @module
 */

export const headerBytes = 19;

export function copyHeader(): Buffer {
  return Buffer.concat([Buffer.from("PGCOPY\n\xff\r\n\0", "latin1"), Buffer.alloc(8)]);
}

export function copyTrailer(): Buffer {
  return Buffer.from([0xff, 0xff]);
}

/** Days and microseconds from 1970-01-01, where frames count from, to 2000-01-01, where PostgreSQL does. */
export const epochDays = 10_957;
export const epochMicros = 946_684_800_000_000n;
/** The same as pairs of 32 bits. */
export const epochLow = Number(epochMicros & 0xffffffffn);
export const epochHigh = Number(epochMicros >> 32n);

/** Range of a PostgreSQL date in days since 1970-01-01: 4714-11-24 BC to 5874897-12-31. Beyond stand its infinities. */
export const firstDay = -2_451_545 + epochDays;
export const lastDay = 2_145_031_948 + epochDays;

/** First PostgreSQL timestamp in microseconds since 1970-01-01: 4714-11-24 00:00 BC. The last is beyond what a frame can hold. */
export const firstMicros = -210_866_803_200_000_000n;

/** Microseconds of a day: `24:00:00` is a time of PostgreSQL, and none of a frame. */
export const dayMicros = 86_400_000_000n;

/** 64-bit values or offsets as pairs of 32 bits, low first: a BigInt for every value would take a third of the whole time. */
export function halvesOf(values: ArrayBufferView & { readonly length: number }): Int32Array {
  return new Int32Array(values.buffer, values.byteOffset, values.length * 2);
}
