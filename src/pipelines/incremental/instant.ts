import { ConfigError, SchemaError } from "../../errors.ts";
import { columnOf, columnsOf, exactColumn, heightOf, lazyOf } from "../../frame/access.ts";
import { dayNs, floorDiv, formatClock, formatDay, parseIso } from "../../frame/iso.ts";
import { type DataFrame, pl } from "../../frame/polars.ts";
import { typesOf } from "../../frame/schema.ts";
import { tickNs } from "../../frame/time-range.ts";
import { didYouMean } from "../../system/nearest.ts";

/** A moment with nanoseconds, and how it is written: with an offset it is an instant, without one a wall clock. */
export interface Instant {
  readonly ns: bigint;
  readonly zoned: boolean;
  /** Digits of the second's fraction; null for a day. */
  readonly digits: number | null;
}

/** Of ISO text or a Date. @throws ConfigError */
export function instantOf(value: string | Date, what: string): Instant {
  if (value instanceof Date) {
    if (Number.isNaN(value.getTime())) throw new ConfigError(`\`${what}\` is an invalid Date.`);
    return { ns: BigInt(value.getTime()) * tickNs.ms, zoned: true, digits: 3 };
  }
  const moment = parseIso(value);
  if (!moment) throw new ConfigError(`\`${what}\` is ${JSON.stringify(value)}, which is no moment.`);
  const fraction = /[.,](\d+)/.exec(value)?.[1]?.length ?? 0;
  const digits = value.includes(":") ? Math.ceil(fraction / 3) * 3 : null;
  return { ns: moment.wallNs - (moment.offsetNs ?? 0n), zoned: moment.offsetNs !== null, digits };
}

/** As ISO text that reads back as the same moment. */
export function instantText({ ns, zoned, digits }: Instant): string {
  const day = floorDiv(ns, dayNs);
  const clock = ns - day * dayNs;
  if (digits === null && clock === 0n && !zoned) return formatDay(Number(day));
  const needed = clock % 1_000_000_000n === 0n ? 0 : clock % 1_000_000n === 0n ? 3 : clock % 1_000n === 0n ? 6 : 9;
  return `${formatDay(Number(day))}T${formatClock(clock, Math.max(digits ?? 0, needed))}${zoned ? "Z" : ""}`;
}

export function later(instant: Instant, ns: bigint): Instant {
  return { ...instant, ns: instant.ns + ns };
}

/** Asserts that rows can be told by the time in a column. @throws SchemaError CURSOR_INVALID */
export function requireTimes(
  frame: DataFrame,
  column: string,
  source: string,
): { tick: bigint; zoned: boolean; digits: number | null } {
  const names = columnsOf(frame);
  const type = typesOf(frame)[names.indexOf(column)];
  if (type?.kind === "date") return { tick: dayNs, zoned: false, digits: null };
  if (type?.kind === "datetime") {
    return { tick: tickNs[type.unit], zoned: type.zone !== null, digits: { ms: 3, us: 6, ns: 9 }[type.unit] };
  }
  const what = type ? `holds ${type.kind}, and no dates or datetimes` : `is not there.${didYouMean(column, names)}`;
  throw new SchemaError(`The cursor column "${column}" of ${source} ${what}${type ? "." : ""}`, {
    frame: source,
    code: "CURSOR_INVALID",
    hint: "Name the column that tells new rows, and declare it as a date or datetime where it is text.",
  });
}

/** The newest time of a column, exactly; null when there is none. */
export async function newest(frame: DataFrame, column: string, source: string): Promise<Instant | null> {
  const { tick, zoned, digits } = requireTimes(frame, column, source);
  if (heightOf(frame) === 0) return null;
  const ticks = columnOf(frame, column).cast(pl.Int64);
  if (ticks.nullCount() === heightOf(frame)) return null;
  // By its place and as text: the greatest itself would come as a number, which rounds.
  const text = ticks
    .slice(ticks.argMax() as number, 1)
    .cast(pl.Utf8)
    .get(0);
  return { ns: BigInt(String(text)) * tick, zoned, digits };
}

/** The rows whose column has a time. @throws SchemaError CURSOR_INVALID with the first row that has none, when that is to fail. */
export async function withTimes(
  frame: DataFrame,
  column: string,
  { source, onNull }: { source: string; onNull: "fail" | "skip" },
): Promise<{ rows: DataFrame; left: number }> {
  requireTimes(frame, column, source);
  // Through the column itself: an expression takes nodejs-polars a millisecond to make.
  const left = columnOf(frame, column).nullCount();
  if (left === 0) return { rows: frame, left };
  const isNull = exactColumn(column).isNull();
  if (onNull === "skip") return { rows: await lazyOf(frame).filter(isNull.not()).collect(), left };
  const first = await lazyOf(frame)
    .select(exactColumn(column).alias("time"))
    .withRowIndex("row")
    .filter(pl.col("time").isNull())
    .limit(1)
    .collect();
  throw new SchemaError(
    `Row ${Number(first.getColumn("row").get(0)) + 1} of ${source} has no time in the cursor column "${column}", and ${left - 1} more.`,
    { frame: source, code: "CURSOR_INVALID", hint: 'Mend these rows, or leave them out with onNull: "skip".' },
  );
}
