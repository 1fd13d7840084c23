import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { lazyOf, sliceOf } from "../../src/frame/access.ts";
import { compareFrames } from "../../src/frame/compare.ts";
import { contentHash } from "../../src/frame/content-hash.ts";
import { frame } from "../../src/frame/frame.ts";
import { readIpc, writeIpc } from "../../src/frame/ipc.ts";
import { type DataFrame, pl } from "../../src/frame/polars.ts";
import { testFolder } from "../system/folder.ts";
import { anyColumns } from "./arbitrary.ts";
import { everyType, samples } from "./samples.ts";

const hash = (df: DataFrame) => contentHash(lazyOf(df));

describe("the content hash of a frame", () => {
  test("is the same however the frame is laid out", async () => {
    const path = `${await testFolder()}/x.arrow`;
    const property = fc.asyncProperty(anyColumns(4), async (columns) => {
      const values = Object.fromEntries([...columns].map(([name, column]) => [name, column.values]));
      const df = frame(values, { fields: [...columns].map(([name, { type }]) => ({ name, type, nullable: true })) });
      const twice = pl.concat([lazyOf(df), lazyOf(df)]).collectSync();
      const height = [...columns.values()][0]?.values.length ?? 0;
      await writeIpc(df, path);
      const others = [await readIpc(path), sliceOf(twice, 0, height), sliceOf(twice, height, height)];
      for (const other of others) expect(await hash(other)).toBe(await hash(df));
    });
    await fc.assert(property, { numRuns: 40 });
  });

  test("is kept of a known frame: another one would make every kept hash useless", async () => {
    expect(await hash(everyType().df)).toMatchInlineSnapshot(
      `"rows-1:7183d8b48b7fe4ba3557b70082dc4441936b82e2d7a6e90527c79ffba1d2051b"`,
    );
  });

  test.each(Object.entries(samples).filter(([type]) => type !== "null"))(
    "differs by one value of %s, by one null, and by the order of rows",
    async (type, values) => {
      const of = (list: readonly unknown[]) => hash(frame({ x: list }, { x: `${type}?` }));
      const lists = (list: readonly unknown[]) =>
        hash(frame({ x: [list.slice(0, 2), null, list.slice(2)] }, { x: `list[${type}]?` }));
      for (const sum of type.startsWith("enum") ? [of] : [of, lists]) {
        const [a, b, c, d] = values;
        const sums = [values, [a, a, c, d], [a, null, c, d], [b, a, c, d]].map(sum);
        expect(new Set(await Promise.all(sums)).size).toBe(4);
      }
    },
  );

  test("takes NaN for one value, and tells -0 from 0, null from an empty list, and where a list ends", async () => {
    const of = (values: unknown[], type: string) => hash(frame({ x: values }, { x: type }));
    const bits = new Float64Array(new BigUint64Array([0x7ff8_0000_0000_0001n]).buffer);
    expect(await hash(frame({ x: bits }))).toBe(await hash(frame({ x: Float64Array.of(Number.NaN) })));
    expect(await of([-0], "float64")).not.toBe(await of([0], "float64"));
    expect(await of([[]], "list[int8]?")).not.toBe(await of([null], "list[int8]?"));
    expect(await of([[1, 2], [3]], "list[int8]")).not.toBe(await of([[1], [2, 3]], "list[int8]"));
    expect(await of(["ab", "c"], "string")).not.toBe(await of(["a", "bc"], "string"));
  });

  test("differs by names, types and their order, and agrees with the comparison over many slices", async () => {
    const one = frame({ a: [1], b: [2] }, { a: "int32", b: "int32" });
    const sums = [one, one.select("b", "a"), one.rename({ a: "c" }), one.withColumn(pl.col("a").cast(pl.Int64))].map(
      hash,
    );
    expect(new Set(await Promise.all(sums)).size).toBe(4);
    const long = (last: number) =>
      frame({ a: Float64Array.from({ length: 100_000 }, (_, at) => (at === 99_999 ? last : at)) });
    expect(await compareFrames(long(1), long(2))).not.toBeNull();
    expect(await hash(long(1))).not.toBe(await hash(long(2)));
  });
});
