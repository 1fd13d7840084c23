import { describe, expect, test } from "vitest";
import { SchemaError } from "../../src/errors.ts";
import { compareFrames } from "../../src/frame/compare.ts";
import { frame } from "../../src/frame/frame.ts";
import { type MergeOptions, mergeFrames } from "../../src/frame/merge.ts";
import { type DataFrame, pl } from "../../src/frame/polars.ts";
import { records } from "../../src/frame/records.ts";
import { schemaOf } from "../../src/frame/schema.ts";
import { everyType } from "./samples.ts";

const merge = (old: DataFrame | null, next: DataFrame, options: Partial<MergeOptions> = {}) =>
  mergeFrames(old, next, { storage: "temp", frame: "prices", ...options });
const types = (df: DataFrame) => schemaOf(df).fields.map(({ name, type }) => `${name} ${type}`);
const invalid = { code: "KEY_INVALID", storage: "temp", frame: "prices" };

describe("replace", () => {
  test("gives the new frame's columns, order and types, whatever stood there", async () => {
    const next = frame({ b: [1n], a: ["x"] });
    expect(await compareFrames(next, await merge(frame({ a: [1], c: [2] }), next))).toBeNull();
    expect(await compareFrames(next, await merge(null, next, { mode: "append" }))).toBeNull();
  });

  test("with freeze refuses any difference, and names them all", async () => {
    const old = frame({ a: [1], b: [1], c: [1] });
    const change = merge(old, frame({ a: ["x"], b: [2], d: [1] }), { schemaChange: "freeze" });
    await expect(change).rejects.toThrow(/"a" is float64 .* string .*"c" is missing .*"d" is not in/);
    const same = frame({ c: [3], b: [2], a: [1] });
    expect(await compareFrames(same, await merge(old, same, { schemaChange: "freeze" }))).toBeNull();
  });
});

describe("append", () => {
  test("matches columns by name, adds new ones at the end, and fills with null", async () => {
    const merged = await merge(frame({ a: ["x"], b: [1] }), frame({ c: [true], b: [2] }), { mode: "append" });
    expect(merged.columns).toEqual(["a", "b", "c"]);
    expect(records(merged)).toEqual([
      { a: "x", b: 1, c: null },
      { a: null, b: 2, c: true },
    ]);
  });

  test("fills columns of every type with null", async () => {
    const { df } = everyType();
    const other = frame({ other: [1, 2] });
    const merged = await merge(other, df, { mode: "append" });
    expect(await compareFrames(df, merged.slice(2, df.height).drop("other"))).toBeNull();
    expect(merged.head(2).getColumn('a enum["low","hïgh;1"]').nullCount()).toBe(2);
    expect(types(await merge(df, other, { mode: "append" }))).toEqual([...types(df), "other float64"]);
  });

  test("keeps every row in order, and the frame as it is when nothing comes", async () => {
    const { df } = everyType();
    expect(await compareFrames(pl.concat([df, df]), await merge(df, df, { mode: "append" }))).toBeNull();
    for (const nothing of [frame([]), df.head(0)]) {
      expect(await compareFrames(df, await merge(df, nothing, { mode: "append" }))).toBeNull();
    }
    expect(await compareFrames(df, await merge(df.head(0), df, { mode: "append" }))).toBeNull();
  });

  test.each([
    [Int8Array.of(-1), Int16Array.of(300), "int16"],
    [Int32Array.of(-1), BigInt64Array.of(2n ** 62n), "int64"],
    [Uint8Array.of(255), BigUint64Array.of(2n ** 63n), "uint64"],
    [Uint8Array.of(255), Int8Array.of(-1), "int16"],
    [Uint32Array.of(2 ** 32 - 1), Int8Array.of(-1), "int64"],
    [Float32Array.of(0.5), Float64Array.of(0.1), "float64"],
    [[null], BigInt64Array.of(5n), "int64"],
    [["x"], [null], "string"],
    [[Uint8Array.of(1)], [null], "binary"],
  ])("widens %s and %s without loss to %s, both ways", async (a, b, type) => {
    const pairs: [ArrayLike<unknown>, ArrayLike<unknown>][] = [
      [a, b],
      [b, a],
    ];
    for (const [old, next] of pairs) {
      const merged = await merge(frame({ x: old }), frame({ x: next }), { mode: "append" });
      expect(types(merged)).toEqual([`x ${type}`]);
      const values = [...Array.from<unknown>(old), ...Array.from<unknown>(next)];
      expect(records(merged).map(({ x }) => (typeof x === "bigint" ? Number(x) : x))).toEqual(
        values.map((value) => (typeof value === "bigint" ? Number(value) : value)),
      );
    }
  });

  test.each([
    [[1], [1n]],
    [BigUint64Array.of(1n), BigInt64Array.of(1n)],
    [BigInt64Array.of(1n), Float64Array.of(1)],
    [Int8Array.of(1), Float64Array.of(1)],
    [["1"], [1]],
    [[true], [1n]],
    [[new Date(0)], ["1970-01-01"]],
  ])("refuses %s and %s", async (a, b) => {
    const attempt = merge(frame({ ok: [1], x: a }), frame({ ok: [1], x: b }), { mode: "append" });
    await expect(attempt).rejects.toThrow(SchemaError);
    await expect(attempt).rejects.toThrow('"x" is');
  });

  test("names all columns that do not fit at once", async () => {
    const attempt = merge(frame({ a: [1], b: [1] }), frame({ a: ["x"], b: ["y"] }), { mode: "append" });
    await expect(attempt).rejects.toThrow(/"a" is float64 there and string.*"b" is/);
  });
});

describe("upsert", () => {
  test("replaces rows of a known key in place, and adds the others in order", async () => {
    const old = frame({ id: [3n, 1n, 2n], v: ["c", "a", "b"] });
    const next = frame({ id: [9n, 1n, 4n, 3n], v: ["z", "A", "d", "C"] });
    expect(records(await merge(old, next, { mode: "upsert", key: ["id"] }))).toEqual([
      { id: 3n, v: "C" },
      { id: 1n, v: "A" },
      { id: 2n, v: "b" },
      { id: 9n, v: "z" },
      { id: 4n, v: "d" },
    ]);
  });

  test("goes by several columns, with new columns and wider types", async () => {
    const old = frame({ day: ["d1", "d1"], ticker: ["a", "b"], n: Int8Array.of(1, 2), gone: [1, 2] });
    const next = frame({ n: Int32Array.of(1_000), ticker: ["b"], day: ["d1"], fresh: [true] });
    expect(records(await merge(old, next, { mode: "upsert", key: ["day", "ticker"] }))).toEqual([
      { day: "d1", ticker: "a", n: 1, gone: 1, fresh: null },
      { day: "d1", ticker: "b", n: 1_000, gone: null, fresh: true },
    ]);
  });

  test("keeps every type and the order of many rows", async () => {
    const { df } = everyType();
    const ids = (from: number) => frame({ id: BigInt64Array.from({ length: 4 }, (_, n) => BigInt(n + from)) });
    const old = pl.concat([ids(0), df], { how: "horizontal" });
    const next = pl.concat([ids(2), df], { how: "horizontal" });
    const merged = await merge(old, next, { mode: "upsert", key: ["id"] });
    expect(await compareFrames(pl.concat([old.head(2), next]), merged)).toBeNull();
    const count = 100_000;
    const many = frame({ id: Int32Array.from({ length: count }, (_, n) => (n * 7_919) % count) });
    expect(
      await compareFrames(many, await merge(many, many.slice(500, 50_000), { mode: "upsert", key: ["id"] })),
    ).toBeNull();
  });

  test("refuses a key that is null, NaN, doubled or absent in the frame, naming the first row", async () => {
    const upsert = (k: readonly unknown[], old: DataFrame | null = null) =>
      merge(old, frame({ k }), { mode: "upsert", key: ["k"] });
    await expect(upsert([1, null])).rejects.toMatchObject({
      ...invalid,
      message: expect.stringContaining("row 2 has no value"),
    });
    await expect(upsert([Number.NaN])).rejects.toMatchObject(invalid);
    await expect(upsert([0, 1, -0])).rejects.toMatchObject({
      ...invalid,
      message: expect.stringContaining("row 1 and row 3"),
    });
    await expect(upsert([1, 1], frame({ k: [5] }))).rejects.toMatchObject(invalid);
    await expect(merge(null, frame({ a: [1] }), { mode: "upsert", key: ["k"] })).rejects.toMatchObject(invalid);
    await expect(merge(null, frame({ a: [1] }), { mode: "upsert" })).rejects.toMatchObject(invalid);
    await expect(merge(frame({ a: [1] }), frame({ k: [1] }), { mode: "upsert", key: ["k"] })).rejects.toMatchObject(
      invalid,
    );
  });

  test("refuses an old frame with doubled keys", async () => {
    const attempt = merge(frame({ k: [1, 1] }), frame({ k: [2] }), { mode: "upsert", key: ["k"] });
    await expect(attempt).rejects.toThrow("the frame that stands there");
  });

  test("works with any column name", async () => {
    const df = frame({ "*": [1, 2], "millrace row": [1, 2], "^k.*$": [1, 2], key: [8, 9] });
    for (const key of df.columns) {
      expect(await compareFrames(df, await merge(df, df, { mode: "upsert", key: [key] }))).toBeNull();
    }
  });

  test("starts from a frame without rows", async () => {
    const df = frame({ k: [1, 2] });
    expect(await compareFrames(df, await merge(df.head(0), df, { mode: "upsert", key: ["k"] }))).toBeNull();
    expect(await compareFrames(df, await merge(df, df.head(0), { mode: "upsert", key: ["k"] }))).toBeNull();
  });
});

test("decimals get as many digits on each side of the point as either has, and are refused beyond 38", async () => {
  const old = frame({ v: ["999.99"] }, { v: "decimal(5, 2)" });
  const merged = await merge(old, frame({ v: ["0.125"] }, { v: "decimal(4, 3)" }), { mode: "append" });
  expect(types(merged)).toEqual(["v decimal(6, 3)"]);
  expect(records(merged)).toEqual([{ v: "999.990" }, { v: "0.125" }]);
  const fine = frame({ v: ["1"] }, { v: "decimal(38, 36)" });
  await expect(merge(old, fine, { mode: "append" })).rejects.toThrow(SchemaError);
});
