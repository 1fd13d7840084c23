import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { SchemaError } from "../../src/errors.ts";
import { frame } from "../../src/frame/frame.ts";
import { schemaOf } from "../../src/frame/schema.ts";
import { type ColumnType, fromPolars, parseType, plainKinds, toPolars, typeText } from "../../src/frame/types.ts";

const unit = fc.constantFrom("ms" as const, "us" as const, "ns" as const);
const zone = fc.constantFrom(null, "UTC", "Europe/Berlin", "America/Argentina/Buenos_Aires", "Etc/GMT-2");
const name = fc.string({ unit: "binary", minLength: 1, maxLength: 8 });
const { type: anyType } = fc.letrec<{ type: ColumnType }>((tie) => ({
  type: fc.oneof(
    { maxDepth: 3 },
    fc.constantFrom(...plainKinds).map((kind): ColumnType => ({ kind })),
    fc.record({ kind: fc.constant("datetime" as const), unit, zone }),
    fc.record({ kind: fc.constant("duration" as const), unit }),
    fc
      .tuple(fc.integer({ min: 1, max: 38 }), fc.nat(38))
      .map(([precision, scale]): ColumnType => ({ kind: "decimal", precision, scale: Math.min(precision, scale) })),
    fc.record({ kind: fc.constant("enum" as const), categories: fc.uniqueArray(name, { maxLength: 4 }) }),
    fc.record({ kind: fc.constant("list" as const), item: tie("type") }),
    fc.record({ kind: fc.constant("array" as const), item: tie("type"), size: fc.integer({ min: 1, max: 9 }) }),
    fc
      .uniqueArray(fc.record({ name, type: tie("type") }), {
        selector: (field) => field.name,
        minLength: 1,
        maxLength: 3,
      })
      .map((fields): ColumnType => ({ kind: "struct", fields })),
  ),
}));

describe("the text of a type", () => {
  test("reads back to the same type, whatever it is", () => {
    fc.assert(
      fc.property(anyType, (type) => {
        expect(parseType(typeText(type))).toEqual(type);
      }),
    );
  });

  test("may have spaces anywhere between its parts", () => {
    expect(typeText(parseType(' struct{ "a" :list[ datetime[us,UTC] ] , "b":decimal(12,2)}'))).toBe(
      'struct{"a": list[datetime[us, UTC]], "b": decimal(12, 2)}',
    );
  });

  test.each([
    "",
    "int",
    "int128",
    "Int64",
    "datetime",
    "datetime[s]",
    "datetime[us, ]",
    "decimal(39, 2)",
    "decimal(5, 6)",
    "list[]",
    "int64 int64",
    'enum["a"',
    "struct{a: int64}",
    "float64?",
  ])("that is none is refused: %s", (text) => {
    expect(() => parseType(text)).toThrow(SchemaError);
  });
});

describe("polars types", () => {
  test("come back the same for every type that polars can name", () => {
    const nameable = anyType.filter((type) => !/enum|binary/.test(typeText(type)));
    fc.assert(
      fc.property(nameable, (type) => {
        expect(fromPolars(toPolars(type))).toEqual(type);
      }),
    );
  });

  test("of a frame's columns are found, whatever they are", () => {
    const supported = anyType.filter((type) => typeText(type) !== "struct{}");
    fc.assert(
      fc.property(supported, (type) => {
        const schema = { fields: [{ name: "x", type: typeText(type), nullable: true }] };
        expect(schemaOf(frame([{ x: null }], schema))).toEqual(schema);
      }),
      { numRuns: 200 },
    );
  });
});

describe("what polars has no column for is no type", () => {
  test.each([
    "datetime[us, +05:30]",
    "datetime[us, europe/berlin]",
    "datetime[us, GMT+5]",
    "datetime[us, Z]",
    "datetime[us, Etc/Unknown]",
    "datetime[us, Factory]",
    "datetime[us, Mars/Base]",
    'enum["x","x"]',
    'struct{"a": int8, "a": int8}',
  ])("%s", (text) => {
    expect(() => parseType(text)).toThrow(SchemaError);
  });

  test("every zone of Intl is one, in frames too", () => {
    for (const zone of [...Intl.supportedValuesOf("timeZone"), "UTC", "Asia/Calcutta", "GB", "EST5EDT", "Etc/GMT+12"]) {
      expect(frame({ t: [0n] }, { t: `datetime[us, ${zone}]` }).height).toBe(1);
    }
  });
});
