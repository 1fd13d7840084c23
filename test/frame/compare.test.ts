import { describe, expect, test } from "vitest";
import { compareFrames } from "../../src/frame/compare.ts";
import { frame } from "../../src/frame/frame.ts";
import { everyType, samples } from "./samples.ts";

describe("two frames", () => {
  test("are equal when every bit is", async () => {
    const { df } = everyType();
    expect(await compareFrames(df, everyType().df)).toBeNull();
    expect(await compareFrames(df, everyType().df, { anyOrder: true })).toBeNull();
    expect(await compareFrames(frame([]), frame([]))).toBeNull();
  });

  test.each(Object.entries(samples).filter(([type]) => type !== "null"))(
    "differ in one value of %s, or in one null",
    async (type, values) => {
      const of = (list: readonly unknown[]) => frame({ id: [1, 2, 3, 4], x: list }, { id: "float64", x: `${type}?` });
      const changed = await compareFrames(of(values), of([values[0], values[0], values[2], values[3]]));
      expect(changed).toMatchObject({ in: "values", column: "x", row: 1 });
      const nulled = await compareFrames(of(values), of([values[0], null, values[2], values[3]]));
      expect(nulled).toMatchObject({ in: "values", column: "x", row: 1 });
    },
  );

  test.each([
    [[0], [-0]],
    [[Number.NaN], [null]],
    [[Number.NaN], [0]],
    [[1], [1 + Number.EPSILON]],
  ])("that hold %s and %s differ", async (a, b) => {
    expect(await compareFrames(frame({ a }, { a: "float64?" }), frame({ a: b }, { a: "float64?" }))).toMatchObject({
      row: 0,
    });
    const nested = { a: "list[float64]" };
    expect(await compareFrames(frame({ a: [a] }, nested), frame({ a: [b] }, nested))).toMatchObject({ row: 0 });
  });

  test("differ in a column's name, type, place or absence, and in rows", async () => {
    const df = frame({ a: [1], b: ["x"] });
    for (const other of [
      frame({ A: [1], b: ["x"] }),
      frame({ a: [1n], b: ["x"] }),
      frame({ b: ["x"], a: [1] }),
      frame({ a: [1] }),
    ]) {
      expect(await compareFrames(df, other)).toMatchObject({ in: "columns" });
      expect(await compareFrames(other, df)).toMatchObject({ in: "columns" });
    }
    expect(await compareFrames(df, df.head(0))).toMatchObject({ in: "rows" });
  });

  test("in another order differ, unless the order does not count", async () => {
    const a = frame({ k: [2, 1, null, Number.NaN, 0, -0], v: ["b", "a", "n", "x", "p", "m"] });
    const b = frame({ k: [-0, 0, Number.NaN, null, 1, 2], v: ["m", "p", "x", "n", "a", "b"] });
    expect(await compareFrames(a, b)).toMatchObject({ in: "values" });
    expect(await compareFrames(a, b, { anyOrder: true })).toBeNull();
    const [c, d] = [frame({ k: [2, 1], v: ["b", "a"] }), frame({ k: [1, 2], v: ["a", "c"] })];
    expect(await compareFrames(c, d, { key: ["k"] })).toMatchObject({ column: "v", row: 1 });
    expect(await compareFrames(c, d.slice(0, 2), { anyOrder: true })).toMatchObject({ in: "values" });
  });
});
