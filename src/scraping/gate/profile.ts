import { columnsOf, exactColumn, heightOf, lazyOf } from "../../frame/access.ts";
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
    this.#rows += rows;
    const names = columnsOf(df);
    const kinds = typesOf(df).map(({ kind }) => kind);
    if (rows === 0 || names.length === 0) return;
    const asked = names.flatMap((name, index) => expressionsOf(exactColumn(name), kinds[index] ?? "", index));
    const found = await lazyOf(df)
      .select(...asked)
      .collect();
    const read = (name: string, index: number): unknown => found.getColumn(`${name} ${index}`).get(0);
    for (const [index, name] of names.entries()) {
      const seen: Seen = this.#columns.get(name) ?? {
        filled: 0,
        lows: [],
        highs: [],
        min: Number.POSITIVE_INFINITY,
        max: Number.NEGATIVE_INFINITY,
        first: null,
        isConstant: undefined,
      };
      this.#columns.set(name, seen);
      seen.filled += Number(read("filled", index));
      const kind = kinds[index] ?? "";
      if (!hasRange(kind)) continue;
      const [min, max] = [read("min", index), read("max", index)];
      if (min === null || min === undefined) continue;
      seen.first ??= min;
      seen.isConstant = (seen.isConstant ?? true) && min === max && min === seen.first;
      if (!numeric.test(kind)) continue;
      seen.lows.push(Number(read("low", index)));
      seen.highs.push(Number(read("high", index)));
      seen.min = Math.min(seen.min, Number(min));
      seen.max = Math.max(seen.max, Number(max));
    }
  }

  profile(time: Date, pages: number, selectors: SelectorCounts): Profile {
    return {
      time: time.toISOString(),
      rows: this.#rows,
      pages,
      columns: Object.fromEntries([...this.#columns].map(([name, seen]) => [name, columnOf(seen, this.#rows)])),
      selectors: Object.fromEntries(selectors),
    };
  }
}

function hasRange(kind: string): boolean {
  return numeric.test(kind) || kind === "string";
}

function expressionsOf(column: Expr, kind: string, index: number): Expr[] {
  const named = (name: string, expression: Expr) => expression.alias(`${name} ${index}`);
  const isFilled = kind === "string" ? column.isNotNull().and(column.neq(pl.lit(""))) : column.isNotNull();
  const filled = named("filled", isFilled.sum());
  if (!hasRange(kind)) return [filled];
  const range = [filled, named("min", column.min()), named("max", column.max())];
  if (!numeric.test(kind)) return range;
  return [...range, named("low", column.quantile(0.05)), named("high", column.quantile(0.95))];
}

function columnOf(seen: Seen, rows: number): ColumnProfile {
  const filled = rows === 0 ? 0 : seen.filled / rows;
  const constant = seen.isConstant === undefined ? {} : { constant: seen.isConstant };
  if (seen.lows.length === 0) return { filled, ...constant };
  return { filled, ...constant, low: median(seen.lows), high: median(seen.highs), min: seen.min, max: seen.max };
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}
