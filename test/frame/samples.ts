import type { DeclaredSchema } from "../../src/contracts/frame-schema.ts";
import { frame } from "../../src/frame/frame.ts";
import type { DataFrame } from "../../src/frame/polars.ts";

/** Values at the edges of every type, each with a null. */
export const samples: Record<string, readonly unknown[]> = {
  int8: [-128, 127, null, 0],
  int16: [-32_768, 32_767, null, 0],
  int32: [-(2 ** 31), 2 ** 31 - 1, null, 0],
  int64: [-(2n ** 63n), 2n ** 63n - 1n, null, -(2n ** 53n) - 1n],
  uint8: [0, 255, null, 1],
  uint16: [0, 65_535, null, 1],
  uint32: [0, 2 ** 32 - 1, null, 1],
  uint64: [0n, 2n ** 64n - 1n, null, 2n ** 53n + 1n],
  float32: [Number.NaN, -0, null, Number.POSITIVE_INFINITY],
  float64: [Number.NaN, -0, null, 5e-324],
  boolean: [true, false, null, true],
  string: ["", "a longer text with ünïcödé 🚂 in it", null, '",\n\\N'],
  binary: [new Uint8Array(), Uint8Array.of(0, 255), null, new Uint8Array(40).fill(7)],
  date: ["0001-01-01", "9999-12-31", null, "1969-12-31"],
  "datetime[ms]": ["0001-01-01T00:00:00.000", "9999-12-31T23:59:59.999", null, "1969-12-31T23:59:59.999"],
  "datetime[us]": ["0001-01-01T00:00:00.000001", "9999-12-31T23:59:59.999999", null, "1969-12-31T23:59:59.999999"],
  "datetime[ns]": [
    "1677-09-21T00:12:43.145224193",
    "2262-04-11T23:47:16.854775807",
    null,
    "1969-12-31T23:59:59.999999999",
  ],
  "datetime[ms, UTC]": [new Date(-1), new Date(8.64e15), null, new Date(0)],
  "datetime[us, Europe/Berlin]": [
    "2024-10-27T00:30:00.000001Z",
    "2024-10-27T01:30:00.000001Z",
    null,
    "1969-12-31T23:59:59.999999Z",
  ],
  "datetime[ns, America/New_York]": [
    "2262-04-11T23:47:16.854775807Z",
    "1969-12-31T23:59:59.999999999Z",
    null,
    "2024-03-10T07:00:00.000000000Z",
  ],
  time: ["00:00:00.000000000", "23:59:59.999999999", null, "09:30:00.000000001"],
  "duration[ms]": [-(2n ** 63n), 2n ** 63n - 1n, null, 0n],
  "duration[us]": [-1n, 1n, null, 0n],
  "duration[ns]": [-1n, 1n, null, 0n],
  "decimal(12, 2)": ["-9999999999.99", "0.05", null, "-0.05"],
  "decimal(38, 0)": [`-${"9".repeat(38)}`, "9".repeat(38), null, "0"],
  null: [null, null, null, null],
  categorical: ["b", "a", null, "b"],
  'enum["low","hïgh;1"]': ["hïgh;1", "low", null, "low"],
  "list[int64]": [[1n, null], [], null, [-(2n ** 63n)]],
  "list[string]": [["a", null], [], null, ["a longer text, no inline view"]],
  "array[float64, 2]": [[1.5, null], [Number.NaN, -0], null, [0, 0]],
  'struct{"a": int64, "b": list[string]}': [{ a: 1n, b: ["x"] }, { a: null, b: null }, null, { a: 2n, b: [] }],
};

/** One frame that has a column of every type, named for it: four rows, or those over and over. */
export function everyType(times = 1): { df: DataFrame; schema: DeclaredSchema } {
  const schema = Object.fromEntries(Object.keys(samples).map((type) => [`a ${type}`, `${type}?`]));
  const columns = Object.fromEntries(
    Object.entries(samples).map(([type, values]) => [`a ${type}`, Array(times).fill(values).flat()]),
  );
  return { df: frame(columns, schema), schema };
}
