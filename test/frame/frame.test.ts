import { describe, expect, test } from "vitest";
import { SchemaError } from "../../src/errors.ts";
import { compareFrames } from "../../src/frame/compare.ts";
import { frame } from "../../src/frame/frame.ts";
import { type DataFrame, pl } from "../../src/frame/polars.ts";
import { records } from "../../src/frame/records.ts";
import { schemaOf } from "../../src/frame/schema.ts";
import { everyType, samples } from "./samples.ts";

const types = (df: DataFrame) => Object.fromEntries(schemaOf(df).fields.map(({ name, type }) => [name, type]));

describe("a frame and its records", () => {
  test.each(Object.entries(samples))("give %s back exactly", async (type, values) => {
    const df = frame({ x: values }, { x: `${type}?` });
    expect(types(df)).toEqual({ x: type });
    expect(records(df).map(({ x }) => x)).toStrictEqual(values);
    expect(await compareFrames(df, frame(records(df), schemaOf(df)))).toBeNull();
  });

  test("hold every type at once", async () => {
    const { df } = everyType();
    expect(await compareFrames(df, frame(records(df), schemaOf(df)))).toBeNull();
  });

  test("come from slices and from frames of several chunks", () => {
    const { df } = everyType();
    const rows = records(df);
    expect(records(pl.concat([df, df]).slice(3, 3))).toStrictEqual([rows[3], rows[0], rows[1]]);
  });

  test("keep texts of every length, in ASCII and beyond it", () => {
    const letters = ["a", "é", "ẞ", "🚂", "\0", "\u{10ffff}"];
    const rows = letters.flatMap((letter) => Array.from({ length: 700 }, (_, n) => ({ text: letter.repeat(n % 70) })));
    rows.push({ text: `${"a".repeat(11)}é` }, { text: "é".repeat(100_000) }, { text: `${"a".repeat(100_000)}🚂` });
    expect(records(frame(rows))).toStrictEqual(rows);
    expect(records(frame(rows, { text: "categorical" }))).toStrictEqual(rows);
  });

  test("keep columns with odd names", () => {
    const rows = [{ "*": 1, "^a.*$": 2, abc: 3, " ": 4, "a\nb": 5, "🚂": 6, constructor: 7 }];
    expect(records(frame(rows))).toStrictEqual(rows);
    const proto = JSON.parse('[{"__proto__": 1}]');
    expect(Object.keys(records(frame(proto))[0] ?? {})).toEqual(["__proto__"]);
  });

  test("may have no row, or no column", () => {
    expect(types(frame([], { a: "int64", b: "binary" }))).toEqual({ a: "int64", b: "binary" });
    expect(records(frame([], { a: "int64" }))).toEqual([]);
    expect([frame([]).width, records(frame([]))]).toEqual([0, []]);
  });
});

describe("without a schema", () => {
  test("types come from all values", () => {
    const df = frame([
      { ticker: "AAPL", price: 189.5, volume: 3n, up: true, at: new Date(5), raw: Uint8Array.of(1), none: null },
      { ticker: "MSFT", price: 402, volume: null, up: undefined },
    ]);
    expect(types(df)).toEqual({
      ticker: "string",
      price: "float64",
      volume: "int64",
      up: "boolean",
      at: "datetime[ms, UTC]",
      raw: "binary",
      none: "null",
    });
  });

  test("a bigint keeps its sign, and becomes uint64 only when it must", () => {
    const df = frame({ a: [-5n, 7n], b: [2n ** 63n, 0n] });
    expect(types(df)).toEqual({ a: "int64", b: "uint64" });
    expect(records(df)).toEqual([
      { a: -5n, b: 2n ** 63n },
      { a: 7n, b: 0n },
    ]);
  });

  test.each([[[2n ** 64n]], [[-(2n ** 63n) - 1n]], [[-1n, 2n ** 63n]], [[2n ** 63n, -1n]]])(
    "bigints that fit no type are refused: %s",
    (a) => {
      expect(() => frame({ a })).toThrow("neither int64 nor uint64");
    },
  );

  test("a key first seen after many rows is a column, in the order of first sight", () => {
    const rows: Record<string, unknown>[] = Array.from({ length: 500 }, (_, id) => ({ id }));
    rows.push({ late: "here", id: 500 });
    const df = frame(rows);
    expect(df.columns).toEqual(["id", "late"]);
    expect(records(df).at(-1)).toEqual({ id: 500, late: "here" });
    expect(df.getColumn("late").nullCount()).toBe(500);
  });

  test("a text after a hundred numbers is refused with its row", () => {
    const a = [...Array(100).keys(), "x"];
    expect(() => frame({ a })).toThrow('Row 100 of column "a" is "x"');
  });

  test.each([[[1, 1n]], [[true, 1]], [["a", new Date()]], [[Uint8Array.of(1), "a"]], [[() => 1]], [[Symbol("s")]]])(
    "values that have no one type are refused",
    (a) => {
      expect(() => frame({ a })).toThrow(SchemaError);
    },
  );

  test("one typed array can be several columns, and so can parts of it that overlap", () => {
    const values = Float64Array.from({ length: 1_000 }, (_, row) => Math.sin(row));
    const ticks = BigInt64Array.from(values, (value) => BigInt(Math.round(value * 1e15)));
    const [head, tail] = [values.subarray(0, 900), values.subarray(100)];
    expect(records(frame({ a: values, b: values, c: ticks, d: ticks }))).toEqual(
      Array.from(values, (value, row) => ({ a: value, b: value, c: ticks[row], d: ticks[row] })),
    );
    expect(records(frame({ a: head, b: tail }))).toEqual(Array.from(head, (a, row) => ({ a, b: tail[row] })));
  });

  test("typed arrays keep their types and their bits", () => {
    const columns = {
      i8: Int8Array.of(-1, 2),
      u64: BigUint64Array.of(2n ** 64n - 1n, 0n),
      f32: Float32Array.of(0.1, -0),
      u8: Uint8Array.of(1, 255),
      part: Float64Array.of(9, 1, 2, 9).subarray(1, 3),
    };
    const df = frame(columns);
    expect(types(df)).toEqual({ i8: "int8", u64: "uint64", f32: "float32", u8: "uint8", part: "float64" });
    expect(records(df)).toStrictEqual([
      { i8: -1, u64: 2n ** 64n - 1n, f32: Math.fround(0.1), u8: 1, part: 1 },
      { i8: 2, u64: 0n, f32: -0, u8: 255, part: 2 },
    ]);
  });
});

describe("with a schema", () => {
  test.each(["2024-02-03T15:00:00Z", "2024-02-03 15:00:00.5+02:00"])(
    "a wall clock does not take %s, which is an instant",
    (text) => {
      expect(() => frame({ t: [text] }, { t: "datetime[us]" })).toThrow(/wall clock/);
      expect(() => frame({ t: [[text]] }, { t: "list[datetime[us]]" })).toThrow(/wall clock/);
    },
  );

  test.each([[], "string", { a: 5 }, { a: null }])("%j is no schema", (schema) => {
    expect(() => Reflect.apply(frame, null, [[{ a: 1 }], schema])).toThrow(SchemaError);
  });

  test("a name that is no valid Unicode is refused, of a column and of a field", () => {
    expect(() => frame({ "\ud800": [1] })).toThrow(SchemaError);
    expect(() => frame({ a: [{ "\ud800": 1 }] })).toThrow(SchemaError);
  });

  test.each<[string, unknown]>([
    ["int64", "x"],
    ["int64", "1"],
    ["int64", 1.5],
    ["int64", 2 ** 53],
    ["int64", 2n ** 63n],
    ["int64", true],
    ["int64", Number.NaN],
    ["int8", 128],
    ["uint8", -1],
    ["uint64", -1n],
    ["float64", "1"],
    ["float64", 2n ** 53n + 1n],
    ["float32", 0.1],
    ["boolean", 1],
    ["boolean", "true"],
    ["string", 1],
    ["string", "\ud800"],
    ["date", new Date(Number.NaN)],
    ["date", new Date(1)],
    ["date", "2023-02-29"],
    ["date", "2023-01-01T00:00"],
    ["date", 19_000],
    ["datetime[ms, UTC]", new Date(Number.NaN)],
    ["datetime[ms]", "2024-01-01T00:00:00.0001"],
    ["datetime[ms]", "yesterday"],
    ["datetime[ms]", "2024-01-01T24:00"],
    ["datetime[ms]", 0],
    ["datetime[ns]", "2262-04-11T23:47:16.854775808"],
    ["datetime[us, Europe/Berlin]", "2024-03-31T02:30"],
    ["datetime[us, Europe/Berlin]", "2024-10-27T02:30"],
    ["datetime[us, Mars/Olympus]", "2024-10-27T02:30"],
    ["time", "24:00"],
    ["decimal(4, 2)", "100"],
    ["decimal(4, 2)", "1.001"],
    ["decimal(4, 2)", 1.5],
    ["null", 1],
    ['enum["a"]', "b"],
    ["list[int64]", 1],
    ["list[int64]", ["x"]],
    ["array[int64, 2]", [1]],
    ['struct{"a": int64}', { b: 1 }],
    ["string", null],
    ["int64", undefined],
  ])("%s takes no %s", (type, value) => {
    expect(() => frame([{ x: value }], { x: type })).toThrow(SchemaError);
  });

  test("what fits exactly is taken", () => {
    const df = frame(
      [
        {
          i: 7,
          f: 2n ** 53n,
          day: new Date("2024-03-31"),
          at: "2024-03-31T03:30+02:00",
          wall: new Date(0),
          ns: 5n,
          dec: 3n,
          dur: 4,
        },
      ],
      {
        i: "int64",
        f: "float64",
        day: "date",
        at: "datetime[ms, Europe/Berlin]",
        wall: "datetime[us]",
        ns: "datetime[ns]",
        dec: "decimal(4, 2)",
        dur: "duration[ms]",
      },
    );
    expect(records(df)).toEqual([
      {
        i: 7n,
        f: 2 ** 53,
        day: "2024-03-31",
        at: new Date("2024-03-31T01:30Z"),
        wall: "1970-01-01T00:00:00.000000",
        ns: "1970-01-01T00:00:00.000000005",
        dec: "3.00",
        dur: 4n,
      },
    ]);
  });

  test("a wall clock is read in the column's zone", () => {
    const df = frame([{ at: "2024-07-01 12:00" }], { at: "datetime[us, Europe/Berlin]" });
    expect(records(df)).toEqual([{ at: "2024-07-01T10:00:00.000000Z" }]);
  });

  test("the columns stand in its order, and absent ones are null where it allows", () => {
    const df = frame([{ b: 1 }], { a: "string?", b: "float64" });
    expect(records(df)).toEqual([{ a: null, b: 1 }]);
    expect(() => frame([{ b: 1 }], { a: "string", b: "float64" })).toThrow('Row 0 of column "a" is null');
  });

  test("a column that it does not name is refused with the nearest", () => {
    expect(() => frame([{ prize: 1 }], { price: "float64" })).toThrow('Did you mean "price"?');
    expect(() => frame({ prize: [1] }, { price: "float64" })).toThrow(SchemaError);
  });
});

test.each<[string, unknown]>([
  ["null", null],
  ["a text", "abc"],
  ["rows that are no objects", [1]],
  ["a null row", [null]],
  ["array rows", [[1, 2]]],
  ["columns of different lengths", { a: [1], b: [1, 2] }],
  ["a column that is no array", { a: "abc" }],
  ["a column without a name", { "": [1] }],
])("a frame is not made of %s", (_, data) => {
  expect(() => frame(data as never)).toThrow(SchemaError);
});
