import { columnOf, columnsOf, exactColumns, heightOf, lazyOf } from "../../frame/access.ts";
import { type DataFrame, type Expr, pl } from "../../frame/polars.ts";
import { typesOf } from "../../frame/schema.ts";
import type { SelectorCount, SelectorCounts } from "./selectors.ts";

/** What is remembered of one column of a run. */
export interface ColumnProfile {
  /** Share of the rows that have a value; an empty text is none. */
  readonly filled: number;
  /** Numbers: between these lie nine tenths of the values (of several batches, the medians), and all of them. */
  readonly low?: number;
  readonly high?: number;
  readonly min?: number;
  readonly max?: number;
  /** Whether it has one value only, in every row. Undefined for columns where that tells nothing. */
  readonly constant?: boolean;
}

/** What is remembered of a good run, and compared with. */
export interface Profile {
  readonly time: string;
  readonly rows: number;
  readonly pages: number;
  readonly columns: Readonly<Record<string, ColumnProfile>>;
  readonly selectors: Readonly<Record<string, SelectorCount>>;
}

interface Seen {
  filled: number;
  lows: number[];
  highs: number[];
  min: number;
  max: number;
  first: unknown;
  isConstant: boolean | undefined;
}

const numeric = /^(?:u?int|float)/;

/** Looks at a crawl's frames one by one, and keeps some numbers of each column. */
export class Profiler {
  readonly #columns = new Map<string, Seen>();
  #rows = 0;

  async add(df: DataFrame): Promise<void> {
    const rows = heightOf(df);
    const names = columnsOf(df);
    if (rows === 0 || names.length === 0) return;
    this.#rows += rows;
    const kinds = typesOf(df).map(({ kind }) => kind);
    const texts = names.filter((_, index) => kinds[index] === "string");
    const numbers = names.filter((_, index) => numeric.test(kinds[index] ?? ""));
    const others = names.filter((_, index) => kinds[index] !== "string");
    const filled = await this.#ask(df, texts, (column) => column.neq(pl.lit("")).sum());
    for (const [name, count] of await this.#ask(df, others, (column) => column.isNotNull().sum()))
      filled.set(name, count);
    const least = await this.#ask(df, [...texts, ...numbers], (column) => column.min());
    const most = await this.#ask(df, [...texts, ...numbers], (column) => column.max());
    const low = await this.#ask(df, numbers, (column) => column.quantile(0.05));
    const high = await this.#ask(df, numbers, (column) => column.quantile(0.95));
    for (const name of names) {
      const seen = this.#columns.get(name) ?? unseen();
      this.#columns.set(name, seen);
      seen.filled += Number(filled.get(name) ?? 0);
      const [min, max] = [least.get(name) ?? null, most.get(name) ?? null];
      if (min === null) continue;
      seen.first ??= min;
      seen.isConstant = (seen.isConstant ?? true) && min === max && min === seen.first;
      if (!low.has(name)) continue;
      seen.lows.push(Number(low.get(name)));
      seen.highs.push(Number(high.get(name)));
      seen.min = Math.min(seen.min, Number(min));
      seen.max = Math.max(seen.max, Number(max));
    }
  }

  /** One number of each column. One expression serves all columns: to make one costs nodejs-polars nearly a millisecond. */
  async #ask(df: DataFrame, names: readonly string[], number: (column: Expr) => Expr): Promise<Map<string, unknown>> {
    if (names.length === 0) return new Map();
    const found = await lazyOf(df)
      .select(exactColumns([...names]).map(number))
      .collect();
    return new Map(names.map((name) => [name, columnOf(found, name).get(0)]));
  }

  profile(time: Date, pages: number, selectors: SelectorCounts): Profile {
    return {
      time: time.toISOString(),
      rows: this.#rows,
      pages,
      columns: Object.fromEntries([...this.#columns].map(([name, seen]) => [name, profileOf(seen, this.#rows)])),
      selectors: Object.fromEntries(selectors),
    };
  }
}

function unseen(): Seen {
  return {
    filled: 0,
    lows: [],
    highs: [],
    min: Number.POSITIVE_INFINITY,
    max: Number.NEGATIVE_INFINITY,
    first: null,
    isConstant: undefined,
  };
}

function profileOf(seen: Seen, rows: number): ColumnProfile {
  const filled = rows === 0 ? 0 : seen.filled / rows;
  const constant = seen.isConstant === undefined ? {} : { constant: seen.isConstant };
  if (seen.lows.length === 0) return { filled, ...constant };
  return { filled, ...constant, low: median(seen.lows), high: median(seen.highs), min: seen.min, max: seen.max };
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}
