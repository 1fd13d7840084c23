import type { FrameSchema } from "../contracts/frame-schema.ts";
import type { ReadOptions } from "../contracts/read-options.ts";
import { ConfigError, SchemaError } from "../errors.ts";
import { didYouMean } from "../system/nearest.ts";
import { exactColumn } from "./access.ts";
import { dayNs, floorDiv, parseIso } from "./iso.ts";
import { type Expr, type LazyDataFrame, pl } from "./polars.ts";
import { details, type FramePlace, requireColumns } from "./schema.ts";
import { type ColumnType, parseType } from "./types.ts";
import { firstInstantAtOrAfter } from "./zones.ts";

/** Half-open: `from <= tick < to`, in the column's own unit (days for a date). */
export interface TimeBounds {
  from?: bigint;
  to?: bigint;
}

/** Nanoseconds of one tick. */
export const tickNs = { ms: 1_000_000n, us: 1_000n, ns: 1n } as const;

/**
 * The column that `from` and `to` speak of: the option, else the one saved with the frame, else the only temporal one
 * (date or datetime).
 *
 * @throws SchemaError TIME_COLUMN_UNCLEAR when there is none, several, or the named one holds no times.
 */
export function resolveTimeColumn(
  schema: FrameSchema,
  options: Pick<ReadOptions, "timeColumn">,
  saved?: string,
  place: FramePlace = {},
): string {
  const temporal = schema.fields.filter(({ type }) => isTemporal(parseType(type))).map(({ name }) => name);
  const wanted = options.timeColumn ?? saved;
  if (wanted !== undefined) {
    requireColumns(schema, [wanted], place);
    if (temporal.includes(wanted)) return wanted;
    throw unclear(
      `The column "${wanted}" holds no dates or datetimes.${didYouMean(wanted, temporal)}`,
      temporal,
      place,
    );
  }
  const [only, ...others] = temporal;
  if (only === undefined) throw unclear("The frame has no column of dates or datetimes.", temporal, place);
  if (others.length > 0) throw unclear("The frame has several columns of dates or datetimes.", temporal, place);
  return only;
}

function unclear(message: string, temporal: string[], place: FramePlace): SchemaError {
  return new SchemaError(message, {
    ...details(place),
    code: "TIME_COLUMN_UNCLEAR",
    hint:
      temporal.length > 0
        ? `Name one with timeColumn: ${temporal.map((name) => `"${name}"`).join(", ")}.`
        : "Leave out from and to, or cast a column to datetime.",
  });
}

function isTemporal({ kind }: ColumnType): boolean {
  return kind === "date" || kind === "datetime";
}

/**
 * Bounds in the column's own ticks; one that falls between two ticks is rounded up, which keeps `from <= time < to` exact.
 *
 * A Date is an instant, and a string with an offset too; for a column without a zone that means UTC. A string without an
 * offset means the column's own wall clock: the first instant at which that clock shows this time or later (so the earlier
 * one where the clock was set back, and the moment of change where it was set forward).
 *
 * @throws SchemaError when a bound is no moment; ConfigError when the column is not temporal.
 */
export function timeBounds(type: ColumnType, from?: Date | string, to?: Date | string): TimeBounds {
  return {
    ...(from !== undefined && { from: boundTicks(type, from, "from") }),
    ...(to !== undefined && { to: boundTicks(type, to, "to") }),
  };
}

function boundTicks(type: ColumnType, bound: Date | string, name: "from" | "to"): bigint {
  if (type.kind !== "date" && type.kind !== "datetime") {
    throw new ConfigError(`\`${name}\` needs a column of dates or datetimes, not ${type.kind}.`);
  }
  const ns = boundNs(bound, type.kind === "datetime" ? type.zone : null, name);
  const tick = type.kind === "datetime" ? tickNs[type.unit] : dayNs;
  return -floorDiv(-ns, tick);
}

/** Nanoseconds since 1970 of a bound, by the rule of `timeBounds`; `name` is what an error calls it. */
export function boundNs(bound: unknown, zone: string | null, name: string): bigint {
  if (bound instanceof Date && !Number.isNaN(bound.getTime())) return BigInt(bound.getTime()) * tickNs.ms;
  const moment = typeof bound === "string" ? parseIso(bound) : null;
  if (!moment) {
    const shown = bound instanceof Date ? "an invalid Date" : JSON.stringify(bound);
    throw new SchemaError(`\`${name}\` is ${shown}, which is no moment.`, {
      hint: 'Give a Date, or a text such as "2024-03-31", "2024-03-31T09:30" or "2024-03-31T09:30:00.123456789Z".',
    });
  }
  if (moment.offsetNs !== null) return moment.wallNs - moment.offsetNs;
  return zone === null ? moment.wallNs : firstInstantAtOrAfter(zone, moment.wallNs);
}

/**
 * Narrows a lazy frame to `from`/`to`, then `columns`, then `limit`. Rows without a time are left out when a bound is given, unless `nullTimes` keeps them.
 *
 * @throws SchemaError for unknown columns and unclear times, ConfigError for a wrong limit or column list.
 */
export function applyReadOptions(
  lazy: LazyDataFrame,
  schema: FrameSchema,
  options: ReadOptions,
  saved?: string,
  place: FramePlace = {},
): LazyDataFrame {
  let narrowed = lazy;
  if (options.from !== undefined || options.to !== undefined) {
    const column = resolveTimeColumn(schema, options, saved, place);
    const type = parseType(schema.fields.find(({ name }) => name === column)?.type ?? "null");
    narrowed = narrowed.filter(within(column, timeBounds(type, options.from, options.to), options.nullTimes));
  }
  if (options.columns !== undefined) {
    checkColumns(options.columns, place);
    requireColumns(schema, options.columns, place);
    narrowed = narrowed.select(options.columns.map((name) => exactColumn(name)));
  }
  if (options.limit !== undefined) {
    if (!Number.isSafeInteger(options.limit) || options.limit < 0) {
      throw new ConfigError(`\`limit\` is ${options.limit}; it has to be a whole number of rows.`, details(place));
    }
    narrowed = narrowed.head(options.limit);
  }
  return narrowed;
}

function checkColumns(columns: readonly string[], place: FramePlace): void {
  if (columns.length === 0) throw new ConfigError("`columns` is empty; a frame needs a column.", details(place));
  const twice = columns.find((name, index) => columns.indexOf(name) !== index);
  if (twice !== undefined) throw new ConfigError(`\`columns\` names "${twice}" twice.`, details(place));
}

const greatest = 2n ** 63n - 1n;

function within(column: string, { from, to }: TimeBounds, nullTimes: ReadOptions["nullTimes"]): Expr {
  const ticks = exactColumn(column).cast(pl.Int64);
  let condition = ticks.isNotNull();
  if (from !== undefined) condition = condition.and(from > greatest ? pl.lit(false) : ticks.gtEq(int64(from)));
  if (to !== undefined && to <= greatest) condition = condition.and(ticks.lt(int64(to)));
  return nullTimes === "keep" ? condition.or(exactColumn(column).isNull()) : condition;
}

/** Through text: nodejs-polars drops the sign of a bigint and rounds a number. */
function int64(value: bigint): Expr {
  return pl.lit(String(value < -greatest ? -greatest - 1n : value)).cast(pl.Int64);
}
