import type { DataFrame } from "nodejs-polars";
import { frame } from "../frame/frame.ts";

/** A column of every type that each storage must hold, with the values that storages get wrong. */
export const typeSamples: Record<string, { type: string; values: unknown[] }> = {
  int8: { type: "int8", values: [-128, 0, 127, null] },
  int16: { type: "int16", values: [-32768, 0, 32767, null] },
  int32: { type: "int32", values: [-2147483648, 0, 2147483647, null] },
  int64: { type: "int64", values: [-(2n ** 63n), 2n ** 53n + 1n, 2n ** 63n - 1n, null] },
  uint8: { type: "uint8", values: [0, 1, 255, null] },
  uint16: { type: "uint16", values: [0, 1, 65535, null] },
  uint32: { type: "uint32", values: [0, 1, 4294967295, null] },
  uint64: { type: "uint64", values: [0n, 2n ** 63n, 2n ** 64n - 1n, null] },
  float32: { type: "float32", values: [-0, 1.5, Number.NaN, Number.POSITIVE_INFINITY, null] },
  float64: {
    type: "float64",
    values: [-0, 0.1, 5e-324, Number.MAX_VALUE, Number.NaN, Number.NEGATIVE_INFINITY, 1 / 3, null],
  },
  boolean: { type: "boolean", values: [true, false, null] },
  string: {
    type: "string",
    values: [
      "",
      " ",
      "a,b;c\td|e",
      'say "hi"',
      "line\nbreak\r\n",
      "007",
      "+1",
      "1e5",
      "2024-01-01",
      "=1+1",
      "NULL",
      null,
    ].concat(["\\N", "\\.", "e\u0301", "\u{1f600}", "nan", "true", "\ufeffbom"]),
  },
  date: { type: "date", values: ["1969-12-31", "2024-02-29", "1700-01-01", "2200-12-31", null] },
  "datetime in milliseconds": {
    type: "datetime[ms]",
    values: ["1969-12-31T23:59:59.999", "2024-02-29T12:00:00", "2200-01-01T00:00:00.001", null],
  },
  "datetime in microseconds": {
    type: "datetime[us]",
    values: ["1969-12-31T23:59:59.999999", "2024-02-29T12:00:00.000001", null],
  },
  "datetime in nanoseconds": {
    type: "datetime[ns]",
    values: ["1969-12-31T23:59:59.999999", "2024-02-29T12:00:00", null],
  },
  "datetime in UTC": {
    type: "datetime[us, UTC]",
    values: ["1969-12-31T23:59:59.999999Z", "2024-07-01T00:00:00Z", null],
  },
  "datetime in a zone": {
    type: "datetime[ms, Europe/Berlin]",
    // The hour that comes twice in autumn, and the moments around the hour that is left out in spring.
    values: ["2024-10-27T00:30:00Z", "2024-10-27T01:30:00Z", "2024-03-31T00:59:59.999Z", "2024-03-31T01:00:00Z", null],
  },
};

/**
 * A frame of prices: a time in order, a key, numbers, text with nulls. `rows` rows, the same for the same `seed`; ids begin at
 * `first`.
 */
export function prices(rows: number, seed = 1, first = 0): DataFrame {
  const index = Array.from({ length: rows }, (_, row) => first + row);
  return frame(
    {
      id: index.map((row) => BigInt(row)),
      ts: index.map((row) => new Date(Date.UTC(2024, 0, 1) + row * 60_000)),
      symbol: index.map((row) => `S${(row * 7 + seed) % 13}`),
      close: index.map((row) => seed + row / 7),
      note: index.map((row) => (row % 5 === 0 ? null : `note ${row} of ${seed}`)),
    },
    { id: "int64", ts: "datetime[us, UTC]", symbol: "string", close: "float64", note: "string?" },
  );
}
