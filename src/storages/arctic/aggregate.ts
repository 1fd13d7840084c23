import { ConfigError } from "../../errors.ts";
import { requireColumns } from "../../frame/schema.ts";
import { tickNs } from "../../frame/time-range.ts";
import { parseType } from "../../frame/types.ts";
import type { Resampling } from "./library.ts";
import type { Aggregate, AggregateFunction } from "./options.ts";
import { type ArrowColumn, foreignColumns, type StoredColumn } from "./stored-columns.ts";
import type { FoundSymbol } from "./symbol.ts";

const functions: readonly unknown[] = ["first", "last", "min", "max", "sum", "mean", "count"];

/** Nanoseconds of each unit, and its name in pandas. */
const units: Record<string, readonly [ns: bigint, pandas: string]> = {
  ns: [1n, "ns"],
  us: [1_000n, "us"],
  ms: [1_000_000n, "ms"],
  s: [1_000_000_000n, "s"],
  m: [60_000_000_000n, "min"],
  h: [3_600_000_000_000n, "h"],
  d: [86_400_000_000_000n, "D"],
};

/** An `aggregate` that was checked against a symbol. */
export interface Resampled {
  readonly resampling: Resampling;
  /** The columns that count: ArcticDB gives null for none. */
  readonly counts: readonly string[];
  /** The columns of the result, given those that ArcticDB answered with. */
  columns(answered: readonly ArrowColumn[]): StoredColumn[];
}

/**
 * What ArcticDB has to do for an `aggregate`, and what comes of it. Values that a function only picks keep their own type.
 *
 * @throws ConfigError for a wrong width or function, for a symbol without a time index, and for a function that has no meaning for
 * the form in which ArcticDB holds a column; SchemaError for an unknown column.
 */
export function resample(found: FoundSymbol, { every, columns }: Aggregate, timeColumn?: string): Resampled {
  const about = { storage: "arctic" };
  const [, count = "", unit = ""] = /^([1-9]\d{0,8})(ns|us|ms|s|m|h|d)$/.exec(String(every)) ?? [];
  const [ns, pandas] =
    units[unit] ?? fail(`aggregate.every is ${JSON.stringify(every)}.`, 'Write it as "5m", "1h" or "1d".');
  const { index, stored } = found;
  if (index === null || (timeColumn !== undefined && timeColumn !== index)) {
    const which = index === null ? "has no time index" : `is indexed by "${index}"`;
    throw fail(`ArcticDB aggregates by the time index, and this symbol ${which}.`, "Save it with a timeColumn.");
  }
  const wanted = Object.entries(columns).map(([result, asked]) => {
    const { column, by } = typeof asked === "string" ? { column: result, by: asked } : asked;
    return { result, column, by };
  });
  if (wanted.length === 0) fail("aggregate.columns is empty.", 'Name what to take: { close: "last" }.');
  requireColumns(
    found.schema,
    wanted.map(({ column }) => column),
    about,
  );
  for (const { result, column, by } of wanted) {
    if (!functions.includes(by))
      fail(`"${result}" is aggregated by ${JSON.stringify(by)}.`, `There is: ${functions.join(", ")}.`);
    if (result === index || column === index) fail(`"${index}" is the time itself.`, "Name other columns.");
    const own = stored.find(({ name }) => name === column);
    if (own && !hasMeaning(by, own)) {
      fail(
        `"${column}" has the type ${own.type}, of which ArcticDB can't take ${by}.`,
        "Take first, last or count, or read the rows.",
      );
    }
  }
  const width = ns * BigInt(count);
  return {
    resampling: { every: `${count}${pandas}`, columns: wanted.map(({ result, column, by }) => [result, column, by]) },
    counts: wanted.filter(({ by }) => by === "count").map(({ result }) => result),
    columns(answered) {
      const plain = new Map(foreignColumns(answered).map((column) => [column.name, column]));
      const time = stored.filter(({ name }) => name === index).map((column) => timeOf(column, width));
      const values = wanted.flatMap(({ result, column, by }) => {
        const own = stored.find(({ name }) => name === column);
        const answer = plain.get(result);
        return own && keepsType(by, own) ? [{ ...own, name: result, nullable: true }] : answer ? [answer] : [];
      });
      return [...time, ...values];
    },
  };
}

/** A bucket begins between two ticks of the time's own type where that is coarser. */
function timeOf(column: StoredColumn, width: bigint): StoredColumn {
  const type = parseType(column.type);
  const tick = type.kind === "datetime" ? tickNs[type.unit] : 86_400_000_000_000n;
  return width % tick === 0n ? column : { ...column, type: column.stored };
}

function picks(by: AggregateFunction): boolean {
  return by === "first" || by === "last" || by === "min" || by === "max";
}

function keepsType(by: AggregateFunction, { type, stored }: StoredColumn): boolean {
  return picks(by) || (by === "sum" && type !== stored && type.startsWith("duration"));
}

/** Texts and times have an order that ArcticDB does not know of, or no sum. */
function hasMeaning(by: AggregateFunction, { type, stored }: StoredColumn): boolean {
  if (by === "first" || by === "last" || by === "count") return true;
  if (stored === "string") return false;
  return type === stored || picks(by) || type.startsWith("duration");
}

function fail(message: string, hint: string): never {
  throw new ConfigError(message, { storage: "arctic", hint });
}
