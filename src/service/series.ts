import type { IDataSource } from "../contracts/data-source.ts";
import { SchemaError } from "../errors.ts";
import { exactColumn, lazyOf } from "../frame/access.ts";
import { type DataFrame, pl } from "../frame/polars.ts";
import { schemaOf } from "../frame/schema.ts";
import { piecesOf } from "../storages/pieces.ts";

/** A column over time, as few points as a chart can show. */
export interface Series {
  /** Seconds since 1970, growing. */
  readonly times: number[];
  /** Least and most value of the rows around each time. */
  readonly least: (number | null)[];
  readonly most: (number | null)[];
  readonly rows: number;
}

export interface SeriesRequest {
  readonly time: string;
  readonly column: string;
  readonly points: number;
  readonly from?: string | undefined;
  readonly to?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Rows are put into parts of equal length in time, so that no peak is lost however many there are. Rows without a time are left out. */
export async function seriesOf(source: IDataSource, name: string, request: SeriesRequest): Promise<Series> {
  const { time, column, points, from, to, signal } = request;
  const range = { ...(from ? { from } : {}), ...(to ? { to } : {}), ...(from || to ? { timeColumn: time } : {}) };
  const columns = column === time ? [time] : [time, column];
  const pieces: DataFrame[] = [];
  for await (const piece of piecesOf(source, name, { columns, ...range, ...(signal ? { signal } : {}) })) {
    requireDrawable(piece, time, column);
    const ticks = exactColumn(time).cast(pl.Datetime("us")).cast(pl.Int64);
    const values = exactColumn(column).cast(pl.Float64);
    pieces.push(
      await lazyOf(piece).select(ticks.alias("t"), values.alias("v")).filter(pl.col("t").isNotNull()).collect(),
    );
  }
  const all = pl.concat(pieces).lazy();
  const bounds = await all
    .select(pl.col("t").min().alias("first"), pl.col("t").max().alias("last"), pl.col("t").count().alias("rows"))
    .collect();
  const [first, last, rows] = bounds.row(0).map(Number) as [number, number, number];
  if (rows === 0) return { times: [], least: [], most: [], rows };
  const width = Math.max(1, Math.ceil((last - first + 1) / points));
  const parts = await all
    .select(pl.col("t").sub(pl.lit(first)).div(pl.lit(width)).floor().cast(pl.Int64).alias("part"), pl.col("v"))
    .groupBy("part")
    .agg(pl.col("v").min().alias("least"), pl.col("v").max().alias("most"))
    .sort({ by: pl.col("part") })
    .collect();
  const values = (name: string) =>
    [...parts.getColumn(name).toArray()].map((value) => (value === null ? null : Number(value)));
  return {
    times: values("part").map((part) => Math.round((first + ((part ?? 0) + 0.5) * width) / 1e3) / 1e3),
    least: values("least"),
    most: values("most"),
    rows,
  };
}

/** @throws SchemaError where one of both columns can't be drawn. */
function requireDrawable(piece: DataFrame, time: string, column: string): void {
  for (const [name, types, what] of [
    [time, drawableTimes, "no dates or datetimes"],
    [column, drawableValues, "no numbers"],
  ] as const) {
    const type = schemaOf(piece).fields.find((field) => field.name === name)?.type ?? "";
    if (types.test(type)) continue;
    throw new SchemaError(`The column "${name}" holds ${type}: ${what} that a chart could show.`, {
      hint: "Take a column of dates or datetimes for the time, and one of numbers for the values.",
    });
  }
}

/** Types of columns that are the time of a chart. */
export const drawableTimes: RegExp = /^(date$|datetime)/;
/** Types of columns that a chart draws. */
export const drawableValues: RegExp = /^(u?int|float|decimal)/;
