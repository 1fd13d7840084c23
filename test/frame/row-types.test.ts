import { expectTypeOf, test } from "vitest";
import { z } from "zod";
import type { FrameSchema } from "../../src/contracts/frame-schema.ts";
import type { ReadOptions } from "../../src/contracts/read-options.ts";
import type { SaveOptions } from "../../src/contracts/save-options.ts";
import type { StandardSchema } from "../../src/contracts/standard-schema.ts";
import { frame } from "../../src/frame/frame.ts";
import { frameSchema } from "../../src/frame/frame-schema.ts";
import type { DataFrame, DataType, Series } from "../../src/frame/polars.ts";
import type { NewRowOf, RowOf } from "../../src/frame/row-types.ts";
import { rows } from "../../src/frame/rows.ts";
import { schemaOf } from "../../src/frame/schema.ts";

const prices = frameSchema({ ts: "datetime[us, UTC]", close: "float64", volume: "int64", note: "string?" });

test("a schema's rows have the types that its texts say", () => {
  expectTypeOf<RowOf<typeof prices>>().toEqualTypeOf<{
    ts: string;
    close: number;
    volume: bigint;
    note: string | null;
  }>();
});

test("every type has the value that records gives", () => {
  const _every = frameSchema({
    small: "uint32",
    wide: "uint64",
    flag: "boolean",
    bytes: "binary",
    day: "date",
    clock: "time",
    wall: "datetime[ms]",
    instant: "datetime[ms, Europe/Berlin]",
    nano: "datetime[ns, UTC]",
    took: "duration[us]?",
    paid: "decimal(12, 2)",
    kind: "categorical",
    level: 'enum["low", "high"]',
    nothing: "null",
    tags: "list[string]",
    grid: "list[list[float32]]",
    pair: "array[int64, 2]?",
    nested: 'struct{"id": int64, "parts": list[struct{"a": boolean}], "sum": decimal(3, 1)}',
  });
  expectTypeOf<RowOf<typeof _every>>().toEqualTypeOf<{
    small: number;
    wide: bigint;
    flag: boolean;
    bytes: Uint8Array;
    day: string;
    clock: string;
    wall: string;
    instant: Date;
    nano: string;
    took: bigint | null;
    paid: string;
    kind: string;
    level: "low" | "high";
    nothing: null;
    tags: (string | null)[];
    grid: ((number | null)[] | null)[];
    pair: (bigint | null)[] | null;
    nested: { id: bigint | null; parts: ({ a: boolean | null } | null)[] | null; sum: string | null };
  }>();
});

test("rows that go in may be wider: Dates and texts for times, whole numbers for integers, no value for null", () => {
  expectTypeOf<NewRowOf<typeof prices>>().toEqualTypeOf<{
    readonly ts: string | Date | bigint;
    readonly close: number | bigint;
    readonly volume: number | bigint;
    readonly note?: string | null | undefined;
  }>();
});

test("lists of numbers may come as typed arrays", () => {
  const series = frameSchema({ values: "list[float64]", ids: "list[int64]" });
  expectTypeOf({ values: Float32Array.of(1), ids: BigInt64Array.of(1n) }).toExtend<NewRowOf<typeof series>>();
  // @ts-expect-error texts are no typed array
  expectTypeOf({ values: ["1"], ids: [] }).toExtend<NewRowOf<typeof series>>();
});

test("a text that is no type does not compile", () => {
  const wrong = [
    // @ts-expect-error a misspelt type
    () => frameSchema({ close: "flot64" }),
    // @ts-expect-error a unit that there is not
    () => frameSchema({ ts: "datetime[s]" }),
    // @ts-expect-error a list without its end
    () => frameSchema({ tags: "list[string" }),
    // @ts-expect-error more than a type
    () => frameSchema({ tags: "string string" }),
    // @ts-expect-error a struct's field of no type
    () => frameSchema({ a: 'struct{"b": int}' }),
  ];
  for (const make of wrong) expectTypeOf(make).toBeFunction();
});

test("rows that do not fit do not compile", () => {
  const day = { ts: new Date(), close: 1 };
  const wrong = [
    // @ts-expect-error a text for a number
    () => prices.frame([{ ...day, volume: 1n, close: "1" }]),
    // @ts-expect-error a column that is not declared
    () => prices.frame([{ ...day, volume: 1n, high: 1 }]),
    // @ts-expect-error a column that is missing and takes no nulls
    () => prices.frame([day]),
    // @ts-expect-error records have no such column
    (df: DataFrame) => prices.records(df)[0]?.high,
  ];
  for (const make of wrong) expectTypeOf(make).toBeFunction();
});

test("a schema goes where a FrameSchema is taken", () => {
  expectTypeOf(prices).toExtend<FrameSchema>();
  expectTypeOf({ schema: prices }).toExtend<ReadOptions>();
  expectTypeOf({ schema: prices }).toExtend<SaveOptions>();
  expectTypeOf(frameSchema(schemaOf(frame([])))).toExtend<FrameSchema>();
});

test("a schema's frames know their columns", () => {
  const df = prices.frame([]);
  expectTypeOf(df.getColumn("close")).toEqualTypeOf<Series<DataType.Float64, "close">>();
  expectTypeOf(prices.check).returns.toEqualTypeOf<typeof df>();
  expectTypeOf(prices.frame([].values())).toEqualTypeOf<Promise<typeof df>>();
  expectTypeOf(df).toExtend<DataFrame>();
});

test("a frame of an array is there at once, one of an iterable comes later", () => {
  expectTypeOf(frame([{ a: 1 }])).toEqualTypeOf<DataFrame>();
  expectTypeOf(frame([{ a: 1 }].values())).toEqualTypeOf<Promise<DataFrame>>();
  expectTypeOf(frame(JSON.parse("[]"))).toEqualTypeOf<DataFrame>();
});

test("a schema and a zod object are the same kind of validator to those who take one", () => {
  type Props = Omit<z.ZodType["~standard"], "jsonSchema">;
  const props: Props = prices["~standard"];
  expectTypeOf<typeof props.vendor>().toBeString();
  expectTypeOf(z.object({})).toExtend<StandardSchema<unknown, unknown>>();
  expectTypeOf<RowOf<z.ZodObject<{ a: z.ZodNumber }>>>().toEqualTypeOf<{ a: number }>();
});

test("rows have the types of their schema, or of a zod object", () => {
  const df = frame([]);
  const object = z.object({ close: z.number(), note: z.string().optional() });
  expectTypeOf(rows(df, object)).toEqualTypeOf<
    AsyncGenerator<{ close: number; note?: string | undefined }, void, undefined>
  >();
  expectTypeOf(rows(df, prices)).toEqualTypeOf<AsyncGenerator<RowOf<typeof prices>, void, undefined>>();
  expectTypeOf(rows(df)).toEqualTypeOf<AsyncGenerator<Record<string, unknown>, void, undefined>>();
});
