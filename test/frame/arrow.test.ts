import { Table, tableFromArrays, tableFromIPC, vectorFromArray } from "apache-arrow";
import { describe, expect, test } from "vitest";
import { fromArrow, toArrow } from "../../src/frame/arrow.ts";
import { arrowLibrary } from "../../src/frame/arrow-library.ts";
import { compareFrames } from "../../src/frame/compare.ts";
import { frame } from "../../src/frame/frame.ts";
import { schemaOf } from "../../src/frame/schema.ts";
import { everyType } from "./samples.ts";

test("apache-arrow is loaded once, however it is imported", () => {
  expect(arrowLibrary().Table).toBe(Table);
});

describe("a frame as an Arrow table and back", () => {
  test("is the same, for every type", async () => {
    const { df } = everyType();
    const back = await fromArrow(await toArrow(df));
    expect(schemaOf(back)).toEqual(schemaOf(df));
    expect(await compareFrames(df, back)).toBeNull();
  });

  test("is the same for many batches of every type", async () => {
    const large = everyType(10_000).df;
    const table = await toArrow(large);
    expect(table.numRows).toBe(40_000);
    expect(await compareFrames(large, await fromArrow(table))).toBeNull();
  });

  test("may be a slice with an offset", async () => {
    const df = frame({
      b: Array.from({ length: 200_000 }, (_, n) => (n % 3 ? n % 2 === 0 : null)),
      s: Array.from({ length: 200_000 }, (_, n) => (n % 5 ? `text ${n}` : null)),
      n: Float64Array.from({ length: 200_000 }, (_, n) => n),
    });
    const table = await toArrow(df);
    expect(await compareFrames(df.slice(70_001, 99_999), await fromArrow(table.slice(70_001, 170_000)))).toBeNull();
    expect(await compareFrames(df.slice(33, 50), await fromArrow(table.slice(33, 83)))).toBeNull();
  });

  test("may have no rows", async () => {
    const { df } = everyType();
    expect(await compareFrames(df.head(0), await fromArrow(await toArrow(df.head(0))))).toBeNull();
  });
});

test("the table gives typed arrays, and texts with 64-bit offsets", async () => {
  const table = await toArrow(frame({ s: ["ab", null, "c"], n: [1n, null, 3n] }));
  const [batch] = table.batches;
  const [text, number] = batch?.data.children ?? [];
  expect(text?.valueOffsets).toEqual(BigInt64Array.of(0n, 2n, 2n, 3n));
  expect(Buffer.from(text?.values).toString()).toBe("abc");
  expect([...BigInt64Array.from(number?.values ?? [])].filter((_, row) => row !== 1)).toEqual([1n, 3n]);
  expect(number?.nullCount).toBe(1);
});

test("a table that was made by hand becomes a frame", async () => {
  const df = await fromArrow(tableFromArrays({ a: Int32Array.of(1, 2), b: ["x", "y"] }));
  expect(schemaOf(df).fields.map(({ type }) => type)).toEqual(["int32", "categorical"]);
  const zoned = new Table({ s: vectorFromArray(["x", null, "a longer text than a view holds"]) });
  expect((await fromArrow(tableFromIPC(frame({ s: ["a", null] }).writeIPC()))).getColumn("s").toArray()).toEqual([
    "a",
    null,
  ]);
  expect((await fromArrow(zoned)).height).toBe(3);
});
