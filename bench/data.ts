import { join } from "node:path";
import { type DataFrame, pl } from "../src/frame/polars.ts";
import type { BenchContext, DataName } from "./harness.ts";

/** Of each table: the column of times, and all columns with PostgreSQL's types. */
export const tables: Record<DataName, { readonly time: string; readonly columns: Readonly<Record<string, string>> }> = {
  test: {
    time: "ts",
    columns: {
      ...{ ts: "timestamp", symbol: "text", open: "float8", high: "float8", low: "float8", close: "float8" },
      ...{ volume: "bigint", note: "text" },
    },
  },
  flights: {
    time: "date",
    columns: { date: "timestamp", delay: "bigint", distance: "bigint", origin: "text", destination: "text" },
  },
};

/** The table that is measured with. The flights are those of the npm package vega-datasets, which a checkout has: half a year of the United States. */
export function tableOf({ rows, data }: Pick<BenchContext, "rows" | "data">): DataFrame {
  if (data === "test") return testTable(rows);
  const path = join(import.meta.dirname, "../node_modules/vega-datasets/data/flights-3m.parquet");
  return pl.scanParquet(path).collectSync().head(rows);
}

const symbols = 500;
const startMs = Date.UTC(2020, 0, 1);

/**
 * The test table of all benchmarks: `ts` (a second apart, `datetime[us]`), `symbol` (500 of them), `open`, `high`, `low`, `close`
 * (float64), `volume` (int64) and `note` (string, 2 % null). Equal for equal `rows` and `seed`.
 */
export function testTable(rows: number, seed = 1): DataFrame {
  const random = generator(seed);
  const numbers = (limit: number) => pl.Series(Float64Array.from({ length: rows }, () => Math.floor(random() * limit)));
  const text = (prefix: string, column: string) =>
    pl.concatString([pl.lit(prefix), pl.col(column).cast(pl.Int64).cast(pl.Utf8)], "");
  const drawn = pl.DataFrame({
    second: pl.Series(Float64Array.from({ length: rows }, (_, row) => row)),
    symbol: numbers(symbols),
    cents: numbers(10_000),
    up: numbers(500),
    down: numbers(500),
    volume: numbers(1_000_000),
    note: numbers(10_000),
    chance: numbers(100),
  });
  const price = (cents: ReturnType<typeof pl.col>) => cents.add(5_000).div(100);
  return drawn
    .lazy()
    .select(
      pl
        .col("second")
        .mul(1_000)
        .add(startMs)
        .cast(pl.Int64)
        .cast(pl.Datetime("ms"))
        .cast(pl.Datetime("us"))
        .alias("ts"),
      text("SYM", "symbol").alias("symbol"),
      price(pl.col("cents")).alias("open"),
      price(pl.col("cents").add(pl.col("up"))).alias("high"),
      price(pl.col("cents").sub(pl.col("down"))).alias("low"),
      price(pl.col("cents").add(pl.col("up")).sub(pl.col("down"))).alias("close"),
      pl.col("volume").cast(pl.Int64).alias("volume"),
      pl.when(pl.col("chance").gtEq(2)).then(text("note ", "note")).otherwise(pl.lit(null)).alias("note"),
    )
    .collectSync();
}

/** Numbers from 0 to 1 that are the same for the same seed (mulberry32). */
function generator(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
