import { describe, expect, test } from "vitest";
import { z } from "zod";
import { SchemaError } from "../../src/errors.ts";
import { sliceFrame } from "../../src/frame/batches.ts";
import { frame } from "../../src/frame/frame.ts";
import { frameSchema } from "../../src/frame/frame-schema.ts";
import { type DataFrame, pl } from "../../src/frame/polars.ts";
import { records } from "../../src/frame/records.ts";
import { rows } from "../../src/frame/rows.ts";
import { everyType } from "./samples.ts";

const prices = frameSchema({ id: "int64", close: "float64?" });
const made = (count: number, from = 0) =>
  prices.frame(Array.from({ length: count }, (_, at) => ({ id: from + at, close: at % 2 ? null : 0.5 })));

/** Batches as a storage gives them, with a note of how they were left. */
function batches(...frames: DataFrame[]) {
  const state = { given: 0, closed: false };
  async function* give(): AsyncGenerator<DataFrame> {
    try {
      for (const df of frames) {
        state.given++;
        yield df;
      }
    } finally {
      state.closed = true;
    }
  }
  return { state, give };
}

describe("rows one by one", () => {
  test("of a frame are those of records, for every type", async () => {
    const { df } = everyType(3);
    expect(await Array.fromAsync(rows(df))).toStrictEqual(records(df));
  });

  test("of batches come in order, over slices and batches", async () => {
    const df = made(70_000);
    const ids = (await Array.fromAsync(rows(sliceFrame(df, 50_000), prices))).map(({ id }) => id);
    expect(ids).toStrictEqual(records(df).map(({ id }) => id));
  });

  test("of a frame without rows or columns are none", async () => {
    expect(await Array.fromAsync(rows(made(0), prices))).toEqual([]);
    expect(await Array.fromAsync(rows(frame([])))).toEqual([]);
  });

  test.each<[string, unknown]>([
    ["a LazyDataFrame", pl.DataFrame({ a: [1] }).lazy()],
    ["an array of rows", [{ a: 1 }]],
    ["nothing", undefined],
    ["a text", "prices"],
  ])("of %s are refused", async (_, source) => {
    await expect(Array.fromAsync(rows(source as never))).rejects.toThrow("A DataFrame was expected");
    expect(() => records(source as never)).toThrow("A DataFrame was expected");
  });

  test("close the batches when the loop is left early, and ask for no further one", async () => {
    const { state, give } = batches(made(3), made(3), made(3));
    for await (const row of rows(give(), prices)) if (row.id === 1n) break;
    expect(state).toEqual({ given: 1, closed: true });
  });

  test("close the batches when the loop's body throws", async () => {
    const { state, give } = batches(made(3), made(3));
    const failing = async () => {
      for await (const row of rows(give())) throw new Error(`enough of ${row.id}`);
    };
    await expect(failing()).rejects.toThrow("enough of 0");
    expect(state.closed).toBe(true);
  });

  test("leave the event loop free between slices", async () => {
    let turns = 0;
    const timer = setInterval(() => turns++, 0);
    for await (const _row of rows(made(100_000)));
    clearInterval(timer);
    expect(turns).toBeGreaterThan(1);
  });

  test("are checked against the schema before the first row of each frame", async () => {
    const other = frame([{ id: 5n, close: 1, high: 2 }]);
    const { state, give } = batches(made(2), other);
    const seen: unknown[] = [];
    const reading = async () => {
      for await (const row of rows(give(), prices)) seen.push(row.id);
    };
    await expect(reading()).rejects.toThrow(SchemaError);
    expect(seen).toEqual([0n, 1n]);
    expect(state.closed).toBe(true);
  });

  test("become what a zod object makes of them; a row that it refuses is told by its number in the whole", async () => {
    const row = z.object({ id: z.bigint().transform(Number), close: z.number().nullable() });
    expect(await Array.fromAsync(rows(made(2), row))).toEqual([
      { id: 0, close: 0.5 },
      { id: 1, close: null },
    ]);
    const strict = z.object({ id: z.bigint().max(20_000n) });
    const reading = Array.fromAsync(rows(sliceFrame(made(30_000), 9_000), strict));
    await expect(reading).rejects.toThrow(/^Row 20001 does not fit: column "id": /);
  });
});
