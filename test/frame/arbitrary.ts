import fc from "fast-check";
import { type ColumnType, plainKinds, typeText } from "../../src/frame/types.ts";

/** A column type and values that fit it, as `records` gives them; datetimes as ticks. */
export interface AnyColumn {
  readonly type: string;
  readonly values: unknown[];
}

const units = fc.constantFrom("ms", "us", "ns");
const zones = fc.constantFrom(
  null,
  "UTC",
  "Europe/Berlin",
  "America/New_York",
  "Asia/Kathmandu",
  "Etc/GMT+12",
  "Pacific/Apia",
);
const texts = fc.string({ unit: "binary", maxLength: 40 });
const names = fc.oneof(
  fc.constantFrom("__proto__", "constructor", "length", "*", "^a.*$", "a.b", "a[0]", "0", "10", " ", "🚂", '"'),
  fc.string({ unit: "grapheme-ascii", minLength: 1, maxLength: 8 }).filter((name) => name !== "_df"),
);
const plain = fc.constantFrom(...plainKinds).map((kind): ColumnType => ({ kind }));

/** Any type, nested up to `depth` levels. */
export function anyType(depth = 3): fc.Arbitrary<ColumnType> {
  const flat: fc.Arbitrary<ColumnType>[] = [
    plain,
    plain,
    fc.record({ kind: fc.constant("datetime"), unit: units, zone: zones }),
    fc.record({ kind: fc.constant("duration"), unit: units }),
    fc
      .tuple(fc.integer({ min: 1, max: 38 }), fc.nat())
      .map(([precision, scale]) => ({ kind: "decimal", precision, scale: scale % (precision + 1) })),
    fc.uniqueArray(texts, { minLength: 1, maxLength: 4 }).map((categories) => ({ kind: "enum", categories })),
  ] as fc.Arbitrary<ColumnType>[];
  if (depth === 0) return fc.oneof(...flat);
  const inner = anyType(depth - 1);
  return fc.oneof(
    ...flat,
    fc.record({ kind: fc.constant("list"), item: inner }) as fc.Arbitrary<ColumnType>,
    fc.record({
      kind: fc.constant("array"),
      item: inner,
      size: fc.integer({ min: 1, max: 3 }),
    }) as fc.Arbitrary<ColumnType>,
    fc
      .uniqueArray(fc.record({ name: names, type: inner }), {
        selector: ({ name }) => name,
        minLength: 1,
        maxLength: 3,
      })
      .map((fields) => ({ kind: "struct", fields }) as ColumnType),
  );
}

/** A value of a type, or null. */
export function anyValue(type: ColumnType, values: Values = "any"): fc.Arbitrary<unknown> {
  return fc.option(values === "usual" ? usualValue(type) : someValue(type, values), { freq: 6 });
}

/** `usual`: what every storage holds, so years 1678 to 2261 in whole microseconds, and no NUL in a text. */
export type Values = "any" | "usual";

/** Some columns of one height, by name. */
export function anyColumns(maxRows: number, values: Values = "any"): fc.Arbitrary<Map<string, AnyColumn>> {
  return fc
    .tuple(fc.integer({ min: 0, max: maxRows }), fc.uniqueArray(names, { minLength: 1, maxLength: 4 }))
    .chain(([rows, keys]) =>
      fc
        .tuple(
          ...keys.map((key) =>
            (values === "usual" ? anyType().filter(isUsual) : anyType()).chain((type) =>
              fc
                .array(anyValue(type, values), { minLength: rows, maxLength: rows })
                .map((all) => [key, { type: typeText(type), values: all }] as const),
            ),
          ),
        )
        .map((columns) => new Map(columns)),
    );
}

/** No NUL in a category. */
function isUsual(type: ColumnType): boolean {
  return !typeText(type).includes("\\u0000");
}

const day = 86_400_000n;

function usualValue(type: ColumnType): fc.Arbitrary<unknown> {
  switch (type.kind) {
    case "string":
    case "categorical":
      return texts.map((text) => text.replaceAll("\0", ""));
    case "date":
      return fc.integer({ min: -719_162, max: 2_932_896 }).map(dayText);
    case "datetime":
      return fc.bigInt({ min: -106_000n * day, max: 106_000n * day }).map((ms) => ticksOf(ms, type.unit));
    case "duration":
      return fc.bigInt({ min: -106_000n * day, max: 106_000n * day }).map((ms) => ticksOf(ms, type.unit));
    case "time":
      return fc.bigInt({ min: 0n, max: 86_399_999_999n }).map((us) => clockText(us * 1_000n));
    default:
      return someValue(type, "usual");
  }
}

function ticksOf(ms: bigint, unit: "ms" | "us" | "ns"): bigint {
  // Odd microseconds where the unit has them.
  return { ms, us: ms * 1_000n + (ms % 997n), ns: (ms * 1_000n + (ms % 997n)) * 1_000n }[unit];
}

function someValue(type: ColumnType, values: Values): fc.Arbitrary<unknown> {
  switch (type.kind) {
    case "null":
      return fc.constant(null);
    case "boolean":
      return fc.boolean();
    case "int64":
    case "duration":
    case "datetime":
      return fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });
    case "uint64":
      return fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
    case "float32":
      return fc.float();
    case "float64":
      return fc.double();
    case "string":
    case "categorical":
      return texts;
    case "enum":
      return fc.constantFrom(...type.categories);
    case "binary":
      return fc.uint8Array({ maxLength: 30 });
    case "date":
      return fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }).map(dayText);
    case "time":
      return fc.bigInt({ min: 0n, max: 86_399_999_999_999n }).map(clockText);
    case "decimal":
      return decimal(type.precision, type.scale);
    case "list":
      return fc.array(anyValue(type.item, values), { maxLength: 4 });
    case "array":
      return fc.array(anyValue(type.item, values), { minLength: type.size, maxLength: type.size });
    case "struct":
      return fc
        .tuple(...type.fields.map((field) => anyValue(field.type, values)))
        .map((parts) => Object.fromEntries(type.fields.map(({ name }, index) => [name, parts[index]])));
    default: {
      const bits = Number(type.kind.replace(/\D/g, ""));
      const signed = type.kind.startsWith("int");
      return fc.integer(
        signed ? { min: -(2 ** (bits - 1)), max: 2 ** (bits - 1) - 1 } : { min: 0, max: 2 ** bits - 1 },
      );
    }
  }
}

function decimal(precision: number, scale: number): fc.Arbitrary<string> {
  const most = 10n ** BigInt(precision) - 1n;
  return fc.bigInt({ min: -most, max: most }).map((unscaled) => {
    const digits = String(unscaled < 0n ? -unscaled : unscaled).padStart(scale + 1, "0");
    const whole = digits.slice(0, digits.length - scale);
    return `${unscaled < 0n ? "-" : ""}${whole}${scale > 0 ? `.${digits.slice(-scale)}` : ""}`;
  });
}

/** By the calendar of Date as far as that reaches; it repeats every 400 years. */
function dayText(day: number): string {
  const cycles = Math.floor(day / 146_097);
  const date = new Date((day - cycles * 146_097) * 86_400_000);
  const year = date.getUTCFullYear() + cycles * 400;
  const sign = year < 0 ? "-" : "+";
  const shown =
    year >= 0 && year <= 9_999 ? String(year).padStart(4, "0") : sign + String(Math.abs(year)).padStart(6, "0");
  return shown + date.toISOString().slice(4, 10);
}

function clockText(ns: bigint): string {
  const seconds = new Date(Number(ns / 1_000_000_000n) * 1_000).toISOString().slice(11, 19);
  return `${seconds}.${String(ns % 1_000_000_000n).padStart(9, "0")}`;
}
