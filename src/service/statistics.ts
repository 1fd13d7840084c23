import type { IDataSource } from "../contracts/data-source.ts";
import { columnOf, exactColumn, heightOf, lazyOf } from "../frame/access.ts";
import { type DataFrame, pl } from "../frame/polars.ts";
import { records } from "../frame/records.ts";
import { schemaOf } from "../frame/schema.ts";
import { piecesOf } from "../storages/pieces.ts";

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

/** Reads a frame once, in pieces. Nulls, least and most are those of all rows; distributions are those of a sample from all over it. */
export async function statisticsOf(source: IDataSource, name: string, signal?: AbortSignal): Promise<FrameStatistics> {
  const columns = new Map<string, Column>();
  let rows = 0;
  let sampled = 0;
  for await (const piece of piecesOf(source, name, signal ? { signal } : {})) {
    const fields = schemaOf(piece).fields;
    for (const { name, type } of fields) if (!columns.has(name)) columns.set(name, new Column(name, type));
    // The further in, the smaller a piece's part: so the sample stays bounded, and no part of the frame is left out.
    const share = await everyNth(piece, Math.max(200, Math.floor(sampleRows / (1 + rows / 65_536))));
    rows += heightOf(piece);
    sampled += heightOf(share);
    for (const column of columns.values()) await column.take(piece, share);
  }
  return { rows, sampled, columns: [...columns.values()].map((column) => column.statistics()) };
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

class Column {
  readonly #name: string;
  readonly #type: string;
  #nulls = 0;
  #range: DataFrame | undefined;
  readonly #numbers: number[] = [];
  readonly #texts = new Map<string, number>();

  constructor(name: string, type: string) {
    this.#name = name;
    this.#type = type;
  }

  async take(piece: DataFrame, share: DataFrame): Promise<void> {
    this.#nulls += columnOf(piece, this.#name).nullCount();
    const own = exactColumn(this.#name);
    if (ordered.test(this.#type)) {
      const range = await lazyOf(piece).select(own.min().alias("least"), own.max().alias("most")).collect();
      const both = this.#range ? pl.concat([this.#range, range]) : range;
      this.#range = await both.lazy().select(pl.col("least").min(), pl.col("most").max()).collect();
      const numbers = await lazyOf(share).select(own.dropNulls().toPhysical().cast(pl.Float64).alias("n")).collect();
      for (const value of numbers.getColumn("n").toArray().map(Number))
        if (Number.isFinite(value)) this.#numbers.push(value);
      return;
    }
    for (const { text } of records(await lazyOf(share).select(own.alias("text")).collect())) {
      if (text === null || text === undefined) continue;
      const shown =
        typeof text === "string"
          ? text
          : JSON.stringify(text, (_, each) => (typeof each === "bigint" ? String(each) : each));
      this.#texts.set(shown, (this.#texts.get(shown) ?? 0) + 1);
    }
  }

  statistics(): ColumnStatistics {
    const about = { name: this.#name, type: this.#type, nulls: this.#nulls };
    if (!ordered.test(this.#type)) {
      const frequent = [...this.#texts].sort((a, b) => b[1] - a[1]).slice(0, 5);
      return { ...about, frequent };
    }
    const [range] = this.#range ? records(this.#range) : [];
    return { ...about, least: range?.least ?? null, most: range?.most ?? null, spread: spreadOf(this.#numbers) };
  }
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
