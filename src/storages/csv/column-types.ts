import type { FrameField } from "../../contracts/frame-schema.ts";
import { FidelityError } from "../../errors.ts";
import { type Expr, pl } from "../../frame/polars.ts";
import { type ColumnType, parseType, toPolars } from "../../frame/types.ts";
import { decodeDatetime, encodeDatetime, firstSecond, pastSecond, unitsPerSecond } from "./datetime.ts";

/** How the values of one type stand in a CSV file. All are native expressions, so no row passes through JavaScript. */
interface CsvType {
  /** The column in a form that the writer of polars turns into the right text. Left out: as it is. */
  encode?(column: Expr, type: ColumnType): Expr;
  /** The values of texts; null where a text is no such value. */
  decode(text: Expr, type: ColumnType, written: boolean): Expr;
  /** True where a value has no text that reads back as it. */
  refused?(column: Expr, type: ColumnType): { where: Expr; why: string };
}

const number: CsvType = {
  decode: (text, type) => text.cast(toPolars(type), false),
};

const float: CsvType = {
  // A number too large for the type would become infinite; only the word for it may.
  decode(text, type) {
    const value = text.cast(toPolars(type), false);
    const overflown = value.isInfinite().and(text.str.contains("[nN]").not());
    return pl.when(overflown).then(pl.lit(null)).otherwise(value).cast(toPolars(type));
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
  decode: (text) => text.str.strptime(pl.Date, "%Y-%m-%d"),
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

/** The column types that CSV holds exactly. A later type gets its line here. */
const csvTypes: Partial<Record<ColumnType["kind"], CsvType>> = {
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
    refused: (column) => ({ where: column.str.contains("\0", true), why: "it has a NUL character" }),
  },
  date,
  // Nanoseconds of 64 bits end before both bounds.
  datetime,
};

/** The conversions of one column, with its type. */
export interface CsvColumn {
  readonly field: FrameField;
  readonly type: ColumnType;
  encode(column: Expr): Expr;
  /** @param written whether millrace wrote the text, which then has one fixed form. */
  decode(text: Expr, written: boolean): Expr;
  refused(column: Expr): { where: Expr; why: string } | undefined;
}

/**
 * How a column goes to CSV and back.
 *
 * @throws FidelityError for a type that CSV does not hold.
 */
export function csvColumn(field: FrameField, frame: string): CsvColumn {
  const type = parseType(field.type);
  const csv = csvTypes[type.kind];
  if (!csv) {
    throw new FidelityError(
      `Column "${field.name}" of ${frame} has the type ${field.type}, which CSV can't hold exactly (every row, from row 1).`,
      {
        storage: "csv",
        frame,
        hint: "Cast the column to string or to a number first, or save the frame to temp.",
      },
    );
  }
  return {
    field,
    type,
    encode: (column) => csv.encode?.(column, type) ?? column,
    decode: (text, written) => csv.decode(text, type, written),
    refused: (column) => (type.kind === "datetime" && type.unit === "ns" ? undefined : csv.refused?.(column, type)),
  };
}
