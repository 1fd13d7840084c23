import { describe, expect, test } from "vitest";
import { SchemaError } from "../../src/errors.ts";
import { frame } from "../../src/frame/frame.ts";
import { frameSchema } from "../../src/frame/frame-schema.ts";
import { records } from "../../src/frame/records.ts";
import { readSchema, schemaOf } from "../../src/frame/schema.ts";

const prices = frameSchema({ ts: "datetime[us, UTC]", close: "float64", tags: "list[string]?", note: "string?" });
const row = { ts: "2024-03-31T09:30:00.123456Z", close: 189.5, tags: ["x", null], note: null };

describe("a declared schema", () => {
  test("is a FrameSchema, as JSON too", () => {
    expect(prices.fields).toEqual([
      { name: "ts", type: "datetime[us, UTC]", nullable: false },
      { name: "close", type: "float64", nullable: false },
      { name: "tags", type: "list[string]", nullable: true },
      { name: "note", type: "string", nullable: true },
    ]);
    expect(JSON.parse(JSON.stringify(prices))).toEqual({ fields: prices.fields });
    expect(readSchema(prices)).toEqual({ fields: prices.fields });
  });

  test("makes frames of rows and rows of frames", async () => {
    const df = prices.frame([row, { ts: new Date(0), close: 1n }]);
    const given = [row, { ts: "1970-01-01T00:00:00.000000Z", close: 1, tags: null, note: null }];
    expect(prices.records(df)).toStrictEqual(given);
    expect(await Array.fromAsync(prices.rows(df))).toStrictEqual(given);
    expect(prices.records(await prices.frame(given.values()))).toStrictEqual(given);
  });

  test("gives a frame back that fits, whatever the order of its columns", () => {
    const df = frame([row], { ...prices, fields: prices.fields.toReversed() });
    expect(prices.check(df)).toBe(df);
  });

  test("tells all differences of a frame at once", () => {
    const df = frame([{ ts: null, close: "1", high: 1, tags: null }], {
      ts: "datetime[us, UTC]?",
      close: "string",
      high: "float64",
      tags: "list[string]?",
    });
    expect(() => prices.check(df)).toThrow(SchemaError);
    for (const part of [
      '"close" is float64 in the schema and string',
      '"note" is missing',
      '"high" is not in the schema',
      '"ts" holds a null',
    ])
      expect(() => prices.records(df)).toThrow(part);
  });

  test("refuses a text that is no type when it is made", () => {
    expect(() => frameSchema({ fields: [{ name: "a", type: "flot", nullable: true }] })).toThrow(
      '"flot" is no column type',
    );
  });

  test("of a frame makes frames like it", () => {
    const df = prices.frame([row]);
    expect(records(frameSchema(schemaOf(df)).frame([row]))).toStrictEqual(records(df));
  });
});

describe("as a Standard Schema", () => {
  const { vendor, version, validate } = prices["~standard"];

  test("names its vendor and version", () => {
    expect([vendor, version]).toEqual(["millrace", 1]);
  });

  test("gives a row as it would come out of a frame", () => {
    expect(validate({ ts: new Date(5), close: 2n })).toEqual({
      value: { ts: "1970-01-01T00:00:00.005000Z", close: 2, tags: null, note: null },
    });
  });

  test("tells everything that is wrong with a row, each with its path", () => {
    expect(validate({ ts: "yesterday", tags: ["x", 5], nota: 1 })).toEqual({
      issues: [
        { message: 'The schema has no column "nota". Did you mean "note"?', path: ["nota"] },
        { message: 'It is "yesterday", which does not fit datetime[us, UTC].', path: ["ts"] },
        {
          message: 'It is null, which does not fit float64: only a type with "?" after it takes nulls.',
          path: ["close"],
        },
        { message: "It is 5, which does not fit string.", path: ["tags", 1] },
      ],
    });
  });

  test.each([[null], ["a"], [[row]], [new Map()]])("takes no row that is no object", (value) => {
    expect(validate(value)).toMatchObject({ issues: [{ message: expect.stringContaining("A row is an object") }] });
  });
});
