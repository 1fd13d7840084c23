import { describe, expect, test } from "vitest";
import { SchemaError } from "../../src/errors.ts";
import { frame, type Row } from "../../src/frame/frame.ts";
import type { DataFrame } from "../../src/frame/polars.ts";
import { records } from "../../src/frame/records.ts";
import { schemaOf } from "../../src/frame/schema.ts";

const typeOf = (df: DataFrame, name = "a") => schemaOf(df).fields.find((field) => field.name === name)?.type;

describe("without a schema, nested values", () => {
  test("become lists and structs, as deep as they go", () => {
    const rows = [
      { a: [1, 2], b: { id: 1n, tags: ["x", null], at: new Date(5) } },
      { a: [], b: { id: 2n, tags: [], at: null } },
      { a: null, b: null },
    ];
    const df = frame(rows);
    expect(typeOf(df)).toBe("list[float64]");
    expect(typeOf(df, "b")).toBe('struct{"id": int64, "tags": list[string], "at": datetime[ms, UTC]}');
    expect(records(df)).toStrictEqual(rows);
  });

  test("keep a field that is first seen in row 100,000, in the order of first sight", () => {
    const rows: { a: object }[] = Array.from({ length: 100_000 }, () => ({ a: { x: 1 } }));
    rows.push({ a: { late: [{ deep: true }], x: 2 } });
    const df = frame(rows);
    expect(typeOf(df)).toBe('struct{"x": float64, "late": list[struct{"deep": boolean}]}');
    const given = records(df);
    expect(given[0]).toStrictEqual({ a: { x: 1, late: null } });
    expect(given.at(-1)).toStrictEqual({ a: { x: 2, late: [{ deep: true }] } });
  });

  test.each<[string, unknown[], string]>([
    ["empty lists", [[], []], "list[null]"],
    ["lists of nulls", [[null], []], "list[null]"],
    ["an empty list before a full one", [[], ["x"]], "list[string]"],
    ["lists of lists", [[[1], []], [[]]], "list[list[float64]]"],
    ["bigints that need uint64", [[1n], [2n ** 63n]], "list[uint64]"],
    ["typed arrays", [Float32Array.of(0.5, -0), null], "list[float32]"],
    ["bytes in lists", [[Uint8Array.of(1)], [new Uint8Array()]], "list[binary]"],
    ["objects without a prototype", [Object.assign(Object.create(null), { x: 1 })], 'struct{"x": float64}'],
    [
      "a field called __proto__",
      [JSON.parse('{"__proto__": 1, "constructor": "c"}')],
      'struct{"__proto__": float64, "constructor": string}',
    ],
  ])("%s have a type and come back", (_, values, type) => {
    const df = frame({ a: values });
    expect(typeOf(df)).toBe(type);
    const again = frame(records(df), schemaOf(df));
    expect(JSON.stringify(records(again), plain)).toBe(
      JSON.stringify(
        values.map((a) => ({ a })),
        plain,
      ),
    );
  });

  test("a field that an object inherits is none of its fields", () => {
    const df = frame([{ a: { x: 1 } }], { a: 'struct{"x": float64, "constructor": string, "toString": string}' });
    expect(records(df)).toEqual([{ a: { x: 1, constructor: null, toString: null } }]);
  });

  test.each<[string, unknown[], string]>([
    [
      "another kind in a list",
      [
        [1, 2],
        [3, "x"],
      ],
      'Row 1 of column "a[1]" is "x", where the values before are float64.',
    ],
    [
      "another kind in a field",
      [{ b: 1 }, { b: true }],
      'Row 1 of column "a.b" is true, where the values before are float64.',
    ],
    [
      "a list where a text was",
      [{ b: ["x"] }, { b: "x" }],
      'Row 1 of column "a.b" is "x", where the values before are lists.',
    ],
    [
      "deep inside",
      [{ b: [{ c: 1 }] }, { b: [{ c: 1 }, { c: 1n }] }],
      'Row 1 of column "a.b[1].c" is 1n, where the values before are float64.',
    ],
    [
      "a list after an object",
      [{ b: 1 }, [1]],
      'Row 1 of column "a" is an array, where the values before are structs.',
    ],
    [
      "an invalid Date in a list",
      [[new Date(Number.NaN)]],
      'Row 0 of column "a[0]" is an invalid Date, which does not fit datetime[ms, UTC].',
    ],
    ["a Map", [new Map([["x", 1]])], 'Row 0 of column "a" is an object of the kind Map, which no column can hold.'],
    ["a function", [[() => 1]], 'Row 0 of column "a[0]"'],
    ["a field without a name", [{ "": 1 }], 'A field of column "a" has no name.'],
  ])("%s is refused with row, path, value and type", (_, a, message) => {
    expect(() => frame({ a })).toThrow(SchemaError);
    expect(() => frame({ a })).toThrow(message);
  });

  test("a value that holds itself is refused", () => {
    const a: unknown[] = [];
    a.push(a);
    expect(() => frame([{ a }])).toThrow("holds itself");
  });
});

describe("with a schema, nested values", () => {
  test.each<[string, unknown, string]>([
    ["list[int64]", [1, 2.5], 'Row 1 of column "a[1]" is 2.5, which does not fit int64.'],
    [
      'struct{"b": list[date]}',
      { b: ["2024-02-30"] },
      'Row 1 of column "a.b[0]" is "2024-02-30", which does not fit date.',
    ],
    ["array[int8, 2]", [1, 300], 'Row 1 of column "a[1]" is 300, which does not fit int8.'],
    [
      'list[struct{"x": string}]',
      [{ x: "" }, { y: "" }],
      'Row 1 of column "a[1]" is an object, which does not fit struct{"x": string}: the field "y" is not declared.',
    ],
    ['struct{"x": int64}', new Map(), "an object of the kind Map"],
  ])("%s: what does not fit is told with its row and path", (type, value, message) => {
    expect(() => frame([{ a: null }, { a: value }], { a: `${type}?` })).toThrow(message);
  });

  test("an array of no items is refused", () => {
    expect(() => frame([], { a: "array[int64, 0]" })).toThrow("an array has at least one item");
  });
});

describe("large lists", () => {
  test("a list of a million items is one value", () => {
    const items = Array.from({ length: 1_000_000 }, (_, at) => at);
    const df = frame([{ a: items }, { a: [1] }]);
    const [first, second] = records(df).map(({ a }) => a as number[]);
    expect([first?.length, first?.at(-1)]).toEqual([1_000_000, 999_999]);
    expect(second).toEqual([1]);
  });

  test("more items than one column can count are refused, not wrapped around", () => {
    const large = new Uint8Array(2 ** 30);
    expect(() => frame([{ a: [1] }, { a: large }, { a: large }], { a: "list[uint8]" })).toThrow(
      'Row 2 of column "a" ends beyond 2147483647 items',
    );
  });
});

test.each<[string, unknown]>([
  ["a Map", new Map([["a", 1]])],
  ["a Date", new Date()],
  ["a promise", Promise.resolve({ a: 1 })],
])("a row is not %s", (_, row) => {
  expect(() => frame([row as Row])).toThrow("a row is an object such as");
});

test("a row may be of a class of one's own", () => {
  class Price {
    close = 1;
  }
  expect(records(frame([new Price() as unknown as Row]))).toEqual([{ close: 1 }]);
});

/** Bigints, bytes and typed arrays as texts, for comparing. */
function plain(_key: string, value: unknown): unknown {
  if (typeof value === "bigint") return `${value}n`;
  return ArrayBuffer.isView(value) ? Array.from(value as Uint8Array) : value;
}
