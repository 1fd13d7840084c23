import type { FrameField } from "../../contracts/frame-schema.ts";
import { type Expr, pl } from "../../frame/polars.ts";
import type { Recoding } from "../../frame/recode.ts";
import { type ColumnType, parseType, toPolars } from "../../frame/types.ts";
import { decodeDatetime, encodeDatetime, firstSecond, isoDate, pastSecond, unitsPerSecond } from "./datetime.ts";

/** How the values of one type stand in a CSV file. All are native expressions, so no row passes through JavaScript. */
interface CsvType {
  /** The column in a form that the writer of polars turns into the right text. Left out: as it is. */
  encode?(column: Expr, type: ColumnType): Expr;
  /** The values of texts; null where a text is no such value. */
  decode(text: Expr, type: ColumnType, written: boolean): Expr;
  /** True where a value has no text that reads back as it. */
  refused?(column: Expr, type: ColumnType): { where: Expr; why: string };
  /** The column travels as the texts of `frame/text-form.ts`: it is recoded before it is written and after it was read. */
  recoded?: true;
}

const number: CsvType = {
  decode: (text, type) => text.cast(toPolars(type), false),
};

const float: CsvType = {
  // A number too large for the type would become infinite, and one too small nothing; only the word, or zeros, may.
  decode(text, type) {
    const value = text.cast(toPolars(type), false);
    const overflown = value.isInfinite().and(text.str.contains("[nN]").not());
    const vanished = value.eq(pl.lit(0)).and(text.str.contains("^[^eE]*[1-9]"));
    return pl.when(overflown.or(vanished)).then(pl.lit(null)).otherwise(value).cast(toPolars(type));
  },
};

const boolean: CsvType = {
  decode: (text) =>
    pl
      .when(text.eq(pl.lit("true")))
      .then(pl.lit(true))
      .when(text.eq(pl.lit("false")))
      .then(pl.lit(false))
      .otherwise(pl.lit(null))
      .cast(pl.Bool),
};

const years = "the year is not one of 0000 to 9999";

const date: CsvType = {
  // By itself, strptime takes signs, fewer or more digits, and what follows.
  decode: (text) =>
    pl
      .when(text.str.contains(isoDate))
      .then(text)
      .otherwise(pl.lit(null))
      .cast(pl.String)
      .str.strptime(pl.Date, "%Y-%m-%d"),
  refused: (column) => ({ where: outside(column, firstSecond / 86_400, pastSecond / 86_400), why: years }),
};

const datetime: CsvType = {
  encode: (column, type) => encodeDatetime(column, type as Datetime),
  decode: (text, type, written) => decodeDatetime(text, type as Datetime, written),
  refused(column, type) {
    const scale = unitsPerSecond[(type as Datetime).unit];
    return { where: outside(column, firstSecond * scale, pastSecond * scale), why: years };
  },
};

type Datetime = Extract<ColumnType, { kind: "datetime" }>;

/** Both bounds are multiples of a large power of two, or small: exact as numbers. */
function outside(column: Expr, first: number, past: number): Expr {
  const count = column.cast(pl.Int64);
  return count.lt(pl.lit(first).cast(pl.Int64)).or(count.gtEq(pl.lit(past).cast(pl.Int64)));
}

/** A text with a NUL is what many readers of CSV take for the end of the text, or of the file. */
function withNul(text: Expr): { where: Expr; why: string } {
  return { where: text.str.contains("\0", true), why: "it has a NUL character" };
}

const category: CsvType = {
  decode: (text, type) => (type.kind === "categorical" ? text.cast(toPolars(type)) : text),
  refused: (column) => withNul(column.cast(pl.String)),
};

const textForm: CsvType = { decode: (text) => text, recoded: true };

/** How each type of a column stands in a CSV file. */
const csvTypes: Record<ColumnType["kind"], CsvType> = {
  int8: number,
  int16: number,
  int32: number,
  int64: number,
  uint8: number,
  uint16: number,
  uint32: number,
  uint64: number,
  float32: float,
  float64: float,
  boolean,
  string: {
    decode: (text) => text,
    refused: withNul,
  },
  date,
  // Nanoseconds of 64 bits end before both bounds.
  datetime,
  categorical: { ...category, encode: (column) => column.cast(pl.String) },
  enum: { ...category, recoded: true },
  null: textForm,
  binary: textForm,
  time: textForm,
  duration: textForm,
  decimal: textForm,
  list: textForm,
  array: textForm,
  struct: textForm,
};

/** The conversions of one column, with its type. */
export interface CsvColumn {
  readonly field: FrameField;
  readonly type: ColumnType;
  /** What `recodeFrame` has to do before the column is written and after it was read. */
  recoding(direction: Recoding["direction"], name: string): Recoding[];
  encode(column: Expr): Expr;
  /** @param written whether millrace wrote the text, which then has one fixed form. */
  decode(text: Expr, written: boolean): Expr;
  refused(column: Expr): { where: Expr; why: string } | undefined;
}

/** How a column goes to CSV and back. */
export function csvColumn(field: FrameField): CsvColumn {
  const type = parseType(field.type);
  const csv = csvTypes[type.kind];
  return {
    field,
    type,
    recoding: (direction, name) => (csv.recoded ? [{ name, type, direction }] : []),
    encode: (column) => csv.encode?.(column, type) ?? column,
    decode: (text, written) => csv.decode(text, type, written),
    refused: (column) => (type.kind === "datetime" && type.unit === "ns" ? undefined : csv.refused?.(column, type)),
  };
}
