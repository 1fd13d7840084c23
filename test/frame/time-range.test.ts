import { describe, expect, test } from "vitest";
import type { ReadOptions } from "../../src/contracts/read-options.ts";
import { ConfigError, SchemaError } from "../../src/errors.ts";
import { frame } from "../../src/frame/frame.ts";
import type { DataFrame } from "../../src/frame/polars.ts";
import { records } from "../../src/frame/records.ts";
import { schemaOf } from "../../src/frame/schema.ts";
import { applyReadOptions, resolveTimeColumn, timeBounds } from "../../src/frame/time-range.ts";
import { parseType } from "../../src/frame/types.ts";

const read = async (df: DataFrame, options: ReadOptions, saved?: string) =>
  records(await applyReadOptions(df.lazy(), schemaOf(df), options, saved).collect());
const instant = (zone: string, wall: string) =>
  new Date(Number(timeBounds(parseType(`datetime[ms, ${zone}]`), wall).from)).toISOString();

describe("a bound", () => {
  test.each<[string, Date | string, bigint]>([
    ["datetime[ms]", new Date(5), 5n],
    ["datetime[ns]", new Date(-5), -5_000_000n],
    ["datetime[ms]", "1970-01-01", 0n],
    ["datetime[ms]", "1970-01-01T01:00:00+01:00", 0n],
    ["datetime[us]", "1969-12-31 23:59:59.999999", -1n],
    ["datetime[ns]", "2262-04-11T23:47:16.854775807", 2n ** 63n - 1n],
    ["datetime[ms]", "1970-01-01T00:00:00.0000000001".slice(0, 29), 0n],
    ["datetime[ms]", "1970-01-01T00:00:00.000000001", 1n],
    ["datetime[ms]", "1969-12-31T23:59:59.999999999", 0n],
    ["date", "1970-01-02", 1n],
    ["date", "1970-01-02T00:00:00.000000001", 2n],
    ["date", new Date("1969-12-31T12:00Z"), 0n],
    ["datetime[us, UTC]", "1970-01-01T00:00:01", 1_000_000n],
    ["datetime[ms]", "+010000-01-01", 253_402_300_800_000n],
  ])("of a %s column at %s is tick %s", (type, bound, ticks) => {
    expect(timeBounds(parseType(type), bound, bound)).toEqual({ from: ticks, to: ticks });
  });

  test("without an offset is the wall clock of the column's zone", () => {
    expect(instant("Europe/Berlin", "2024-07-01T12:00")).toBe("2024-07-01T10:00:00.000Z");
    expect(instant("Europe/Berlin", "2024-01-01")).toBe("2023-12-31T23:00:00.000Z");
    expect(instant("Asia/Kolkata", "2024-01-01T05:30")).toBe("2024-01-01T00:00:00.000Z");
    expect(instant("Etc/GMT-2", "2024-01-01T02:00")).toBe("2024-01-01T00:00:00.000Z");
    expect(instant("Pacific/Apia", "2011-12-31T00:00")).toBe("2011-12-30T10:00:00.000Z");
  });

  test("that a clock set forward never showed is the moment of the change", () => {
    expect(instant("Europe/Berlin", "2024-03-31T02:30")).toBe("2024-03-31T01:00:00.000Z");
    expect(instant("America/New_York", "2024-03-10T02:00")).toBe("2024-03-10T07:00:00.000Z");
    expect(instant("Australia/Lord_Howe", "2024-10-06T02:15")).toBe("2024-10-05T15:30:00.000Z");
    expect(instant("Pacific/Apia", "2011-12-30T12:00")).toBe("2011-12-30T10:00:00.000Z");
  });

  test("that a clock set back showed twice is the earlier moment", () => {
    expect(instant("Europe/Berlin", "2024-10-27T02:30")).toBe("2024-10-27T00:30:00.000Z");
    expect(instant("America/New_York", "2024-11-03T01:30")).toBe("2024-11-03T05:30:00.000Z");
  });

  test.each([
    "",
    "yesterday",
    "2024-13-01",
    "2023-02-29",
    "2024-01-01T25:00",
    "2024",
    "2024-01-01T00:00:00.1234567890",
    new Date(Number.NaN),
  ])("that is no moment is refused: %s", (bound) => {
    expect(() => timeBounds(parseType("datetime[us]"), bound)).toThrow(SchemaError);
    expect(() => timeBounds(parseType("datetime[us]"), undefined, bound)).toThrow(SchemaError);
  });
});

describe("the time column", () => {
  const schema = schemaOf(frame([], { id: "int64", a: "date", b: "datetime[us]" }));

  test("is the option, else the saved one, else the only temporal one", () => {
    expect(resolveTimeColumn(schema, { timeColumn: "a" }, "b")).toBe("a");
    expect(resolveTimeColumn(schema, {}, "b")).toBe("b");
    expect(resolveTimeColumn(schemaOf(frame([], { id: "int64", t: "date" })), {})).toBe("t");
  });

  test("is unclear when there are several or none, or the named one is of another type", () => {
    const unclear = expect.objectContaining({ code: "TIME_COLUMN_UNCLEAR" });
    const caught = (work: () => unknown) => {
      try {
        return work();
      } catch (error) {
        return error;
      }
    };
    expect(caught(() => resolveTimeColumn(schema, {}))).toEqual(unclear);
    expect(caught(() => resolveTimeColumn(schema, { timeColumn: "id" }))).toEqual(unclear);
    expect(caught(() => resolveTimeColumn(schemaOf(frame({ id: [1] })), {}))).toEqual(unclear);
    expect(() => resolveTimeColumn(schema, { timeColumn: "c" })).toThrow('There is no column "c"');
  });
});

describe("reading a part", () => {
  const ns = [
    "1677-09-21T00:12:43.145224193",
    "1969-12-31T23:59:59.999999998",
    "1969-12-31T23:59:59.999999999",
    "2262-04-11T23:47:16.854775806",
    "2262-04-11T23:47:16.854775807",
  ];
  const df = frame({ t: [...ns, null], n: [0, 1, 2, 3, 4, 5] }, { t: "datetime[ns]?", n: "float64" });

  test("is exact to the nanosecond on both sides of 1970", async () => {
    for (const [index, bound] of ns.entries()) {
      expect((await read(df, { from: bound })).map(({ t }) => t)).toEqual(ns.slice(index));
      expect((await read(df, { to: bound })).map(({ t }) => t)).toEqual(ns.slice(0, index));
    }
    expect((await read(df, { from: ns[1] ?? "", to: ns[3] ?? "" })).map(({ n }) => n)).toEqual([1, 2]);
  });

  test("leaves rows without a time out only when a bound is given", async () => {
    expect(await read(df, {})).toHaveLength(6);
    expect(await read(df, { from: "-000001-01-01" })).toHaveLength(5);
    expect(await read(df, { to: "+100000-01-01" })).toHaveLength(5);
    expect(await read(df, { from: "+100000-01-01" })).toHaveLength(0);
    expect(await read(df, { to: "-000001-01-01" })).toHaveLength(0);
  });

  test("narrows by time first, then by columns, then by rows", async () => {
    expect(await read(df, { from: ns[2] ?? "", columns: ["n"], limit: 2 })).toEqual([{ n: 2 }, { n: 3 }]);
    expect(await read(frame({ a: [1], b: [2] }), { columns: ["b", "a"] })).toEqual([{ b: 2, a: 1 }]);
    expect(await read(df, { limit: 0 })).toEqual([]);
  });

  test("takes column names literally", async () => {
    const odd = frame({ "*": [1], "^a.*$": [2], abc: [3] });
    expect(await read(odd, { columns: ["*"] })).toEqual([{ "*": 1 }]);
    expect(await read(odd, { columns: ["^a.*$"] })).toEqual([{ "^a.*$": 2 }]);
  });

  test("goes by days in a date column", async () => {
    const days = frame({ d: ["2024-03-30", "2024-03-31", "2024-04-01"] }, { d: "date" });
    expect((await read(days, { from: "2024-03-31", to: "2024-04-01" })).map(({ d }) => d)).toEqual(["2024-03-31"]);
    expect((await read(days, { from: new Date("2024-03-30T00:00:00.001Z") })).map(({ d }) => d)).toEqual([
      "2024-03-31",
      "2024-04-01",
    ]);
  });

  test.each<ReadOptions>([
    { limit: -1 },
    { limit: 1.5 },
    { limit: Number.NaN },
    { columns: [] },
    { columns: ["n", "n"] },
  ])("refuses %j", async (options) => {
    await expect(read(df, options)).rejects.toThrow(ConfigError);
  });

  test("refuses columns that are not there, with the nearest", async () => {
    await expect(read(frame({ price: [1] }), { columns: ["prize"] })).rejects.toThrow('Did you mean "price"?');
  });
});
