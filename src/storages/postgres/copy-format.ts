/**
 * PostgreSQL's binary COPY format, which copy-encode.ts writes and copy-decode.ts reads. Everything is big-endian.
 *
 *     header   11 bytes  "PGCOPY\n" 0xff "\r\n" 0x00
 *              int32     flags, 0
 *              int32     length of an extension, 0
 *     row      int16     number of fields
 *       field  int32     length of the value in bytes, -1 for null
 *              bytes     the value
 *     trailer  int16     -1
 *
 * Values: boolean one byte; integers and floats as they are; text and bytea their bytes; date int32 days since 2000-01-01;
 * timestamp int64 microseconds since 2000-01-01 00:00 (with a zone: UTC); time int64 microseconds since midnight;
 * numeric int16 number of digits, int16 weight of the first (power of 10000), int16 sign (0 plus, 0x4000 minus, 0xc000 NaN),
 * int16 decimals shown, then the digits to base 10000, int16 each.
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

/** Days and microseconds from 1970-01-01, where frames count from, to 2000-01-01. */
export const epochDays = 10_957;
export const epochMicros = 946_684_800_000_000n;

/** Range of a PostgreSQL date in days since 1970-01-01: 4714-11-24 BC to 5874897-12-31. Beyond stand its infinities. */
export const firstDay = -2_451_545 + epochDays;
export const lastDay = 2_145_031_948 + epochDays;

/** First PostgreSQL timestamp in microseconds since 1970-01-01: 4714-11-24 00:00 BC. The last is beyond what a frame can hold. */
export const firstMicros = -210_866_803_200_000_000n;
