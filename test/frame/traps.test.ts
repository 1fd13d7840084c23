import { describe, expect, test } from "vitest";
import { SchemaError } from "../../src/errors.ts";
import { frame } from "../../src/frame/frame.ts";
import { pl } from "../../src/frame/polars.ts";
import { records } from "../../src/frame/records.ts";
import { schemaOf } from "../../src/frame/schema.ts";

/** Where nodejs-polars' own row constructors and readers of rows alter values without a word. */
describe("what row objects lose elsewhere is kept, or refused", () => {
  test("a negative bigint keeps its sign", () => {
    const df = frame({ a: [-5n] });
    expect(schemaOf(df).fields[0]?.type).toBe("int64");
    expect(records(df)).toEqual([{ a: -5n }]);
  });

  test("bigints of a declared int64 are no nulls", () => {
    expect(records(frame({ a: [-5n, 7n] }, { a: "int64" }))).toEqual([{ a: -5n }, { a: 7n }]);
  });

  test("a text in an int64 column is no 0", () => {
    expect(() => frame([{ a: 1 }, { a: "x" }], { a: "int64" })).toThrow(
      'Row 1 of column "a" is "x", which does not fit int64.',
    );
  });

  test("a text after a hundred numbers is no NaN", () => {
    const rows = Array.from({ length: 100 }, (_, a) => ({ a }) as { a: unknown });
    rows.push({ a: "x" });
    expect(() => frame(rows)).toThrow('Row 100 of column "a" is "x", where the values before are float64.');
  });

  test("a key first seen after row 200 is a column", () => {
    const rows: Record<string, unknown>[] = Array.from({ length: 300 }, (_, a) => ({ a }));
    rows.push({ a: 300, late: "kept" });
    expect(records(frame(rows)).at(-1)).toEqual({ a: 300, late: "kept" });
  });

  test("an int64 beyond 2^53 is not rounded on the way out", () => {
    expect(records(frame({ a: [2n ** 53n + 1n, -(2n ** 63n)] }))).toEqual([{ a: 2n ** 53n + 1n }, { a: -(2n ** 63n) }]);
  });

  test("a number beyond 2^53 that may stand for its neighbour is not taken for an int64", () => {
    expect(() => frame({ a: [2 ** 53 + 2] }, { a: "int64" })).toThrow("give it as a bigint");
  });

  test("a text with a leading zero stays that text", () => {
    expect(records(frame([{ zip: "01234" }]))).toEqual([{ zip: "01234" }]);
    expect(() => frame([{ zip: "01234" }], { zip: "int64" })).toThrow(SchemaError);
  });

  test("decimals and times of day come out", () => {
    const df = frame([{ d: "12.50", t: "09:30:00" }], { d: "decimal(6, 2)", t: "time" });
    expect(records(df)).toEqual([{ d: "12.50", t: "09:30:00.000000000" }]);
  });

  test("an invalid Date is not 1970", () => {
    expect(() => frame([{ at: new Date(Number.NaN) }])).toThrow('Row 0 of column "at" is an invalid Date');
  });

  test("a frame that polars made gives exact rows", () => {
    const df = pl.DataFrame({ ts: pl.Series([1n, 2n]).cast(pl.Datetime("us")) });
    expect(records(df)).toEqual([{ ts: "1970-01-01T00:00:00.000001" }, { ts: "1970-01-01T00:00:00.000002" }]);
  });
});
