import { type Expr, pl } from "../../frame/polars.ts";
import type { ColumnType, TimeUnit } from "../../frame/types.ts";

type Datetime = Extract<ColumnType, { kind: "datetime" }>;

export const unitsPerSecond: Record<TimeUnit, number> = { ms: 1_000, us: 1_000_000, ns: 1_000_000_000 };

export const fractionDigits: Record<TimeUnit, number> = { ms: 3, us: 6, ns: 9 };

/** 0000-01-01T00:00:00 and 10000-01-01T00:00:00 in seconds since 1970: what four digits of a year can say. */
export const firstSecond = -62_167_219_200;
export const pastSecond = 253_402_300_800;

// `\d` would take the digits of every script.
export const isoDate = "^[0-9]{4}-[0-9]{2}-[0-9]{2}$";

const offset = "(Z|[+-][0-9]{2}:?[0-9]{2})$";

/** ISO 8601 as CSV files have it: date, `T` or a blank, time with up to nanoseconds, and maybe an offset. */
export const isoDatetime =
  "^[0-9]{4}-[0-9]{2}-[0-9]{2}[T ]([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9](\\.[0-9]{1,9})?)?(Z|[+-][0-9]{2}:?[0-9]{2})?$";

/** True where a text ends with an offset from UTC. A plain date ends with digits that look like one. */
export function hasOffset(text: Expr): Expr {
  return text.str.slice(11).str.contains(offset);
}

/**
 * A wall clock as it is: polars writes `2024-02-29T01:02:03.000000`, with the digits of its unit. An instant as that in
 * UTC, with a `Z`; the name of the zone is kept with the schema.
 */
export function encodeDatetime(column: Expr, { unit, zone }: Datetime): Expr {
  if (zone === null) return column;
  const utc = column.cast(pl.Int64).cast(pl.Datetime(unit));
  return utc.dt.strftime(`%Y-%m-%dT%H:%M:%S%.${fractionDigits[unit]}fZ`);
}

/**
 * Texts to times, in integers of 64 bits only. Null where a text is no time, has more digits than the unit, lies outside
 * what the unit spans, or has an offset while the type has no zone (or the other way round).
 */
export function decodeDatetime(text: Expr, type: Datetime, written: boolean): Expr {
  const { unit, zone } = type;
  const days = text.str.slice(0, 10).str.strptime(pl.Date, "%Y-%m-%d").cast(pl.Int32).cast(pl.Int64);
  const digits = fractionDigits[unit];
  const parts = written ? fixedParts(text, digits) : looseParts(text, digits, zone !== null);
  const seconds = days
    .mul(long(86_400))
    .add(whole(text.str.slice(11, 2)).mul(long(3_600)))
    .add(whole(text.str.slice(14, 2)).mul(long(60)))
    .add(parts.second)
    .sub(parts.offset);
  const value = seconds.mul(long(unitsPerSecond[unit])).add(parts.fraction);
  const spanned = unit === "ns" ? withinNanoseconds(seconds, parts.fraction) : pl.lit(true);
  const good = parts.good.and(spanned);
  return pl.when(good).then(value).otherwise(pl.lit(null)).cast(pl.Int64).cast(pl.Datetime(unit, zone));
}

interface Parts {
  second: Expr;
  fraction: Expr;
  /** Seconds that the text's clock is ahead of UTC. */
  offset: Expr;
  /** False where the text is none of the form. */
  good: Expr;
}

/** Of texts that `encodeDatetime` made: everything has its place. */
function fixedParts(text: Expr, digits: number): Parts {
  return {
    second: whole(text.str.slice(17, 2)),
    fraction: whole(text.str.slice(20, digits)),
    offset: long(0),
    good: pl.lit(true),
  };
}

function looseParts(text: Expr, digits: number, zoned: boolean): Parts {
  const fraction = text.str.extract("\\.(\\d+)", 1).fillNull(pl.lit("")).add(pl.lit("000000000"));
  const ahead = text.str.slice(11).str.extract("([+-]\\d{2}:?\\d{2})$", 1).str.replace(":", "", true);
  const hours = whole(ahead.str.slice(0, 3));
  const minutes = whole(ahead.str.slice(3, 2));
  const sign = pl.when(ahead.str.startsWith("-")).then(long(-1)).otherwise(long(1));
  const offsetFits = ahead.isNull().or(
    hours
      .abs()
      .lt(long(24))
      .and(minutes.lt(long(60))),
  );
  const rest = fraction.str.slice(digits);
  return {
    second: whole(text.str.extract("^.{16}:(\\d{2})", 1)).fillNull(long(0)),
    fraction: whole(fraction.str.slice(0, digits)),
    offset: hours
      .mul(long(3_600))
      .add(minutes.mul(sign).mul(long(60)))
      .fillNull(long(0)),
    good: text.str
      .contains(isoDatetime)
      .and(zoned ? hasOffset(text) : hasOffset(text).not())
      .and(offsetFits)
      .and(rest.str.contains("[1-9]").not()),
  };
}

/** 64 bits of nanoseconds begin at -9223372037 s + 145224192 ns and end at 9223372036 s + 854775807 ns. */
function withinNanoseconds(seconds: Expr, fraction: Expr): Expr {
  const first = seconds.eq(long(-9_223_372_037)).and(fraction.gtEq(long(145_224_192)));
  const last = seconds.eq(long(9_223_372_036)).and(fraction.ltEq(long(854_775_807)));
  const between = seconds.gt(long(-9_223_372_037)).and(seconds.lt(long(9_223_372_036)));
  return between.or(first).or(last);
}

/** A literal of 64 bits; a bare number would turn the whole sum into floats. */
function long(value: number): Expr {
  return pl.lit(value).cast(pl.Int64);
}

function whole(text: Expr): Expr {
  return text.cast(pl.Int64, false);
}
