import { SchemaError } from "../../errors.ts";
import { exactColumn, heightOf, lazyOf } from "../../frame/access.ts";
import { dayNs } from "../../frame/iso.ts";
import { type DataFrame, type LazyDataFrame, pl } from "../../frame/polars.ts";
import { schemaOf } from "../../frame/schema.ts";
import { tickNs } from "../../frame/time-range.ts";
import { parseType } from "../../frame/types.ts";
import type { StoredColumn } from "./stored-columns.ts";
import { firstRow, type TimeFacts } from "./time-facts.ts";

/** What `chooseIndex` and `canFollow` go by. */
export interface TimedRows {
  readonly rows: LazyDataFrame;
  readonly times: ReadonlyMap<string, TimeFacts>;
}

/** ArcticDB's index has to be timestamp[ns]. */
function isTimestamp({ stored }: StoredColumn): boolean {
  return parseType(stored).kind === "datetime";
}

function canBeIndex(facts: TimeFacts | undefined): boolean {
  return facts !== undefined && !facts.hasNull && facts.inOrder;
}

/**
 * The column that is ArcticDB's index: `timeColumn` when given, else the first of the timestamps that is in time order and
 * without nulls (the one that was the index `before` comes before all others), else none. A symbol without an index keeps its
 * rows by number, and its ranges of time are read more slowly.
 *
 * @throws SchemaError when `timeColumn` is no time, has a null, or is not in time order.
 */
export async function chooseIndex(
  timed: TimedRows,
  columns: readonly StoredColumn[],
  { timeColumn, before, frame }: { timeColumn: string | undefined; before: string | null; frame: string },
): Promise<string | null> {
  const named = columns.find(({ name }) => name === timeColumn);
  if (timeColumn !== undefined) await requireTimeOrder(timed, named, timeColumn, frame);
  const ordered = [...columns].sort((a, b) => Number(b.name === before) - Number(a.name === before));
  const candidates = (named ? [named] : ordered).filter(isTimestamp);
  // pandas can't read a symbol that has an index and no other column.
  if (columns.length === 1) return null;
  return candidates.find(({ name }) => canBeIndex(timed.times.get(name)))?.name ?? null;
}

async function requireTimeOrder(
  { rows, times }: TimedRows,
  column: StoredColumn | undefined,
  timeColumn: string,
  frame: string,
): Promise<void> {
  const fail = (problem: string, hint: string): never => {
    throw new SchemaError(`The time column "${timeColumn}" ${problem}.`, { storage: "arctic", frame, hint });
  };
  if (!column) return fail("is not in the frame", "Name one of its columns.");
  const facts = times.get(timeColumn);
  if (!facts) return fail(`has the type ${column.type}`, "A time column is a date or a datetime.");
  if (facts.hasNull) {
    fail(
      `has a null in row ${(await firstRow(rows, timeColumn, "null")) + 1}`,
      "Rows of a time series need a time: drop the row, or leave timeColumn out.",
    );
  }
  if (!facts.inOrder) {
    const row = (await firstRow(rows, timeColumn, "earlier")) + 1;
    fail(
      `is not in time order: row ${row} is earlier than the row before it`,
      `Save with sort: true, or sort the frame first: data.sort("${timeColumn}"); or leave timeColumn out.`,
    );
  }
}

/**
 * Whether rows can follow those of a symbol whose index ends at `end` (nanoseconds): in time order, without nulls, none before
 * the end.
 */
export function canFollow(
  { times }: TimedRows,
  { name, type }: StoredColumn,
  end: bigint | null,
): "after the end" | "at the end" | false {
  const facts = times.get(name);
  if (!facts || !canBeIndex(facts)) return false;
  if (end === null || facts.first === null) return "after the end";
  const own = parseType(type);
  const first = facts.first * (own.kind === "datetime" ? tickNs[own.unit] : dayNs);
  if (first > end) return "after the end";
  return first === end ? "at the end" : false;
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
