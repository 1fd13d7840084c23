import fc from "fast-check";
import { type DataFrame, type DataType, pl } from "../../src/frame/polars.ts";

/** A column to be: int64 counts in tenths of nothing but bits, cast natively to its type. */
interface Column {
  values: fc.Arbitrary<unknown>;
  make(name: string, values: unknown[]): DataFrame;
}

function cast(name: string, values: unknown[], type: DataType): DataFrame {
  const texts = pl.DataFrame([
    pl.Series(
      name,
      values.map((value) => (value === null ? null : String(value))),
      pl.String,
    ),
  ]);
  return texts.select(pl.col(name).cast(pl.Int64).cast(type).alias(name));
}

function whole(bits: number, signed: boolean, type: DataType): Column {
  const [min, max] = signed ? [-(2n ** BigInt(bits - 1)), 2n ** BigInt(bits - 1) - 1n] : [0n, 2n ** BigInt(bits) - 1n];
  return {
    values: fc.oneof(fc.bigInt(min, max), fc.constantFrom(min, max)),
    make(name, values) {
      const texts = pl.Series(
        name,
        values.map((value) => (value === null ? null : String(value))),
        pl.String,
      );
      return pl.DataFrame([texts.cast(type)]);
    },
  };
}

const day = 86_400n;
const firstSecond = -62_167_219_200n;
const pastSecond = 253_402_300_800n;

function datetime(unit: "ms" | "us" | "ns", zone?: string): Column {
  const scale = { ms: 1_000n, us: 1_000_000n, ns: 1_000_000_000n }[unit];
  const [min, max] = unit === "ns" ? [-(2n ** 63n), 2n ** 63n - 1n] : [firstSecond * scale, pastSecond * scale - 1n];
  return {
    values: fc.oneof(fc.bigInt(min, max), fc.constantFrom(min, max, 0n, -1n)),
    make: (name, values) => cast(name, values, pl.Datetime(unit, zone)),
  };
}

const nasty = [
  "",
  " ",
  " x",
  "x ",
  "\ufeffx",
  '"',
  '""',
  "a,b",
  "a\tb",
  "a;b",
  "\n",
  "\r",
  "\r\n",
  "a\rb",
  "NULL",
  "NA",
  "NaN",
  "007",
  "+1",
  "1e5",
  "true",
  "2024-01-01",
  "#x",
  "\\.",
  "\\N",
  "'",
  "=1+1",
  "ü",
  "🜚",
  "\u2028",
  "inf",
  "-0",
];

/** Every type that csv holds. */
export const columnTypes: Record<string, Column> = {
  int8: whole(8, true, pl.Int8),
  int16: whole(16, true, pl.Int16),
  int32: whole(32, true, pl.Int32),
  int64: whole(64, true, pl.Int64),
  uint8: whole(8, false, pl.UInt8),
  uint16: whole(16, false, pl.UInt16),
  uint32: whole(32, false, pl.UInt32),
  uint64: whole(64, false, pl.UInt64),
  float64: {
    values: fc.oneof(fc.double(), fc.constantFrom(-0, 5e-324, Number.MAX_VALUE, 0.1 + 0.2, 1e21, 1e-7)),
    make: (name, values) => pl.DataFrame([pl.Series(name, values as number[], pl.Float64)]),
  },
  float32: {
    values: fc.float(),
    make: (name, values) => pl.DataFrame([pl.Series(name, values as number[], pl.Float32)]),
  },
  boolean: {
    values: fc.boolean(),
    make: (name, values) => pl.DataFrame([pl.Series(name, values as boolean[], pl.Bool)]),
  },
  string: {
    values: fc.oneof(
      fc.constantFrom(...nasty),
      fc.string({ unit: "grapheme" }).map((text) => text.replaceAll("\0", "")),
    ),
    make: (name, values) => pl.DataFrame([pl.Series(name, values as string[], pl.String)]),
  },
  date: {
    values: fc.oneof(
      fc.bigInt(firstSecond / day, pastSecond / day - 1n),
      fc.constantFrom(firstSecond / day, pastSecond / day - 1n),
    ),
    make(name, values) {
      const days = cast(name, values, pl.Int32);
      return days.select(pl.col(name).cast(pl.Date).alias(name));
    },
  },
  "datetime ms": datetime("ms"),
  "datetime us": datetime("us"),
  "datetime ns": datetime("ns"),
  "datetime ms UTC": datetime("ms", "UTC"),
  "datetime us zoned": datetime("us", "America/New_York"),
  "datetime ns zoned": datetime("ns", "Asia/Kathmandu"),
};

const names = [
  "a",
  "",
  " a",
  "A b",
  'q"u',
  "new\nline",
  "cr\rcr",
  "a,b",
  "*",
  "^.*$",
  "c0",
  "c1",
  "ü",
  "1",
  "__proto__",
  "a;b",
];

/** Frames of any of these columns, with nulls, under names that are hard to write. */
export function frames(): fc.Arbitrary<DataFrame> {
  const types = Object.keys(columnTypes);
  return fc
    .record({ rows: fc.integer({ min: 0, max: 12 }), columns: fc.integer({ min: 1, max: 5 }) })
    .chain(({ rows, columns }) =>
      fc.tuple(
        fc.shuffledSubarray(names, { minLength: columns, maxLength: columns }),
        fc.array(fc.constantFrom(...types), { minLength: columns, maxLength: columns }).chain((kinds) =>
          fc.tuple(
            ...kinds.map((kind) =>
              fc
                .array(fc.option((columnTypes[kind] as Column).values, { freq: 4 }), {
                  minLength: rows,
                  maxLength: rows,
                })
                .map((values) => (columnTypes[kind] as Column).make("x", values)),
            ),
          ),
        ),
      ),
    )
    .map(([labels, parts]) => {
      const joined = pl.concat(
        parts.map((part, i) => {
          const renamed = part.clone();
          renamed.columns = [`x${i}`];
          return renamed;
        }),
        { how: "horizontal" },
      );
      joined.columns = labels;
      return joined;
    });
}
