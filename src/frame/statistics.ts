import { columnOf, exactColumns, heightOf, lazyOf, selectOf } from "./access.ts";
import { exactJson } from "./exact-json.ts";
import { type DataFrame, pl } from "./polars.ts";
import { records } from "./records.ts";
import { schemaOf } from "./schema.ts";

/** What the values of a column look like. */
export interface ColumnStatistics {
  readonly name: string;
  readonly type: string;
  readonly nulls: number;
  /** Smallest and largest value, of columns that have an order. */
  readonly least?: unknown;
  readonly most?: unknown;
  /** How many values of the sample fall into each of equal parts between the least and the most. */
  readonly spread?: readonly number[];
  /** The most frequent texts of the sample, with their counts. */
  readonly frequent?: readonly (readonly [text: string, count: number])[];
}

export interface FrameStatistics {
  readonly rows: number;
  /** Rows that `spread` and `frequent` were counted in. */
  readonly sampled: number;
  readonly columns: readonly ColumnStatistics[];
}

const sampleRows = 20_000;
const parts = 20;
/** No column of a user's: names have no NUL. */
const rowIndex = "\0row";
const ordered = /^(u?int|float|decimal|date|datetime|time|duration)/;

/** Of the pieces of a frame. Nulls, least and most are those of all rows; distributions are those of a sample from all over it. */
export async function statisticsOf(pieces: AsyncIterable<DataFrame>): Promise<FrameStatistics> {
  let columns: readonly Column[] = [];
  let rows = 0;
  let sampled = 0;
  for await (const piece of pieces) {
    if (columns.length === 0)
      columns = schemaOf(piece).fields.map(({ name, type }) => ({
        name,
        type,
        nulls: 0,
        numbers: [],
        texts: new Map(),
      }));
    // The further in, the smaller a piece's part: so the sample stays bounded, and no part of the frame is left out.
    const share = await everyNth(piece, Math.max(200, Math.floor(sampleRows / (1 + rows / 65_536))));
    rows += heightOf(piece);
    sampled += heightOf(share);
    for (const column of columns) column.nulls += columnOf(piece, column.name).nullCount();
    const [sorted, others] = [columns.filter(isOrdered), columns.filter((column) => !isOrdered(column))];
    if (sorted.length > 0) await takeOrdered(sorted, piece, share);
    if (others.length > 0)
      takeTexts(
        others,
        selectOf(
          share,
          others.map(({ name }) => name),
        ),
      );
  }
  return { rows, sampled, columns: columns.map(statisticsOfColumn) };
}

interface Column {
  readonly name: string;
  readonly type: string;
  nulls: number;
  /** One row each, with the least and the most so far. */
  least?: DataFrame;
  most?: DataFrame;
  readonly numbers: number[];
  readonly texts: Map<string, number>;
}

function isOrdered({ type }: Column): boolean {
  return ordered.test(type);
}

/** About `count` rows from all over a piece. */
async function everyNth(piece: DataFrame, count: number): Promise<DataFrame> {
  const step = Math.ceil(heightOf(piece) / count);
  if (step <= 1) return piece;
  const numbered = lazyOf(piece).withRowIndex(rowIndex);
  return numbered
    .filter(pl.col(rowIndex).modulo(pl.lit(step)).eq(pl.lit(0)))
    .drop(rowIndex)
    .collect();
}

/** All columns at once: nodejs-polars takes about a millisecond to make an expression. */
async function takeOrdered(columns: readonly Column[], piece: DataFrame, share: DataFrame): Promise<void> {
  const all = exactColumns(columns.map(({ name }) => name));
  const [least, most, numbers] = await Promise.all([
    lazyOf(piece)
      .select(...all.map((each) => each.min()))
      .collect(),
    lazyOf(piece)
      .select(...all.map((each) => each.max()))
      .collect(),
    lazyOf(share)
      .select(...all.map((each) => each.toPhysical().cast(pl.Float64)))
      .collect(),
  ]);
  const first = columns[0] as Column;
  // The rows of all columns are kept by the first: they are compared with the next piece's together.
  first.least = first.least
    ? await pl
        .concat([first.least, least])
        .lazy()
        .select(...all.map((each) => each.min()))
        .collect()
    : least;
  first.most = first.most
    ? await pl
        .concat([first.most, most])
        .lazy()
        .select(...all.map((each) => each.max()))
        .collect()
    : most;
  for (const column of columns) {
    column.least = first.least;
    column.most = first.most;
    for (const value of columnOf(numbers, column.name).toArray()) {
      if (typeof value === "number" && Number.isFinite(value)) column.numbers.push(value);
    }
  }
}

function takeTexts(columns: readonly Column[], share: DataFrame): void {
  for (const row of records(share)) {
    for (const { name, texts } of columns) {
      const value = row[name];
      if (value === null || value === undefined) continue;
      const shown = typeof value === "string" ? value : JSON.stringify(value, exactJson);
      texts.set(shown, (texts.get(shown) ?? 0) + 1);
    }
  }
}

function statisticsOfColumn(column: Column): ColumnStatistics {
  const { name, type, nulls, least, most, numbers, texts } = column;
  if (!isOrdered(column)) {
    return { name, type, nulls, frequent: [...texts].sort((a, b) => b[1] - a[1]).slice(0, 5) };
  }
  const only = (frame: DataFrame | undefined) => (frame ? (records(selectOf(frame, [name]))[0]?.[name] ?? null) : null);
  return { name, type, nulls, least: only(least), most: only(most), spread: spreadOf(numbers) };
}

function spreadOf(numbers: readonly number[]): number[] {
  const counts = new Array<number>(parts).fill(0);
  let [least, most] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const value of numbers) [least, most] = [Math.min(least, value), Math.max(most, value)];
  for (const value of numbers) {
    const part = most === least ? 0 : Math.min(parts - 1, Math.floor(((value - least) / (most - least)) * parts));
    counts[part] = (counts[part] ?? 0) + 1;
  }
  return counts;
}
