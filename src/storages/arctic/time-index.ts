import { SchemaError } from "../../errors.ts";
import { exactColumn, heightOf, lazyOf } from "../../frame/access.ts";
import { type DataFrame, type LazyDataFrame, pl } from "../../frame/polars.ts";
import { schemaOf } from "../../frame/schema.ts";
import { parseType } from "../../frame/types.ts";
import type { StoredColumn } from "./stored-columns.ts";

/** What decides whether a column can be ArcticDB's index. Rows are counted from 0. */
interface TimeOrder {
  firstNull: number | null;
  /** The first row that is earlier than the row before it. */
  firstEarlier: number | null;
  /** The first time in nanoseconds since 1970; null without rows. */
  first: bigint | null;
}

/** ArcticDB's index has to be timestamp[ns]. */
function isTimestamp({ stored }: StoredColumn): boolean {
  return parseType(stored).kind === "datetime";
}

function isTime({ type }: StoredColumn): boolean {
  const { kind } = parseType(type);
  return kind === "date" || kind === "datetime";
}

async function timeOrder(lazy: LazyDataFrame, columns: readonly StoredColumn[]): Promise<TimeOrder[]> {
  const queries = columns.flatMap(({ name, stored }, index) => {
    const time = exactColumn(name);
    const earlier = time.shift(1).gt(time);
    const nanoseconds = parseType(stored).kind === "datetime" ? time.cast(pl.Datetime("ns", zoneOf(stored))) : time;
    return [
      time.isNull().any().alias(`null${index}`),
      time.isNull().cast(pl.Int8).argMax().alias(`nullRow${index}`),
      earlier.any().alias(`earlier${index}`),
      earlier.cast(pl.Int8).argMax().alias(`earlierRow${index}`),
      nanoseconds.cast(pl.Int64).cast(pl.String).first().alias(`first${index}`),
    ];
  });
  const found = await lazy.select(...queries).collect();
  const values: readonly unknown[] = found.row(0);
  const value = (name: string): unknown => values[found.columns.indexOf(name)];
  return columns.map((_, index) => {
    const first = value(`first${index}`);
    return {
      firstNull: value(`null${index}`) === true ? Number(value(`nullRow${index}`)) : null,
      firstEarlier: value(`earlier${index}`) === true ? Number(value(`earlierRow${index}`)) : null,
      first: typeof first === "string" ? BigInt(first) : null,
    };
  });
}

function zoneOf(stored: string): string | null {
  const type = parseType(stored);
  return type.kind === "datetime" ? type.zone : null;
}

/**
 * The column that is ArcticDB's index: `timeColumn` when given, else the first of the timestamps that is in time order and
 * without nulls (the one that was the index `before` comes before all others), else none. A symbol without an index keeps its rows by number, and its ranges of time are read more slowly.
 *
 * @throws SchemaError when `required` and `timeColumn` is no time, has a null, or is not in time order.
 */
export async function chooseIndex(
  lazy: LazyDataFrame,
  columns: readonly StoredColumn[],
  {
    timeColumn,
    required,
    before,
    frame,
  }: { timeColumn: string | undefined; required: boolean; before: string | null; frame: string },
): Promise<string | null> {
  const named = columns.find(({ name }) => name === timeColumn);
  if (timeColumn !== undefined && required) await requireTimeOrder(lazy, named, timeColumn, frame);
  const ordered = [...columns].sort((a, b) => Number(b.name === before) - Number(a.name === before));
  const candidates = (named ? [named] : ordered).filter(isTimestamp);
  // pandas can't read a symbol that has an index and no other column.
  if (candidates.length === 0 || columns.length === 1) return null;
  const orders = await timeOrder(lazy, candidates);
  return (
    candidates.find((_, index) => orders[index]?.firstNull === null && orders[index].firstEarlier === null)?.name ??
    null
  );
}

async function requireTimeOrder(
  lazy: LazyDataFrame,
  column: StoredColumn | undefined,
  timeColumn: string,
  frame: string,
): Promise<void> {
  const fail = (problem: string, hint: string): never => {
    throw new SchemaError(`The time column "${timeColumn}" ${problem}.`, { storage: "arctic", frame, hint });
  };
  if (!column) return fail("is not in the frame", "Name one of its columns.");
  if (!isTime(column)) return fail(`has the type ${column.type}`, "A time column is a date or a datetime.");
  const [order] = await timeOrder(lazy, [column]);
  if (order?.firstNull != null) {
    fail(
      `has a null in row ${order.firstNull + 1}`,
      "Rows of a time series need a time: drop the row, or leave timeColumn out.",
    );
  }
  if (order?.firstEarlier != null) {
    fail(
      `is not in time order: row ${order.firstEarlier + 1} is earlier than the row before it`,
      `Sort the frame first: data.sort("${timeColumn}"); or leave timeColumn out.`,
    );
  }
}

/** Whether rows can follow those of a symbol whose index ends at `end`: in time order, without nulls, none before the end. */
export async function canFollow(
  lazy: LazyDataFrame,
  column: StoredColumn,
  end: bigint | null,
): Promise<"after the end" | "at the end" | false> {
  const [order] = await timeOrder(lazy, [column]);
  if (!order || order.firstNull !== null || order.firstEarlier !== null) return false;
  if (end === null || order.first === null || order.first > end) return "after the end";
  return order.first === end ? "at the end" : false;
}

/** The rows of `old` whose time is before the first or after the last of `next`. @throws SchemaError when its types differ. */
export async function outsideOf(
  old: DataFrame,
  next: DataFrame,
  time: string,
  about: { storage: string; frame: string },
): Promise<DataFrame> {
  if (heightOf(next) === 0) return old;
  const type = (df: DataFrame) => schemaOf(df).fields.find(({ name }) => name === time)?.type;
  if (type(old) !== type(next)) {
    throw new SchemaError(`"${time}" is ${type(old)} in what stands there, and ${type(next)} in the frame.`, {
      ...about,
      hint: "Cast it to the type that stands there.",
    });
  }
  const ticks = exactColumn(time).cast(pl.Int64);
  // As texts, because JavaScript's numbers and nodejs-polars' bigints are not exact.
  const ends = await lazyOf(next)
    .select(ticks.min().cast(pl.Utf8).alias("first"), ticks.max().cast(pl.Utf8).alias("last"))
    .collect();
  const [first, last] = ends.row(0).map((text) => pl.lit(text).cast(pl.Int64));
  if (!first || !last) return old;
  return lazyOf(old)
    .filter(ticks.lt(first).or(ticks.gt(last)).or(ticks.isNull()))
    .collect();
}
