import { Calculator, type DataFrame, frame, pl } from "millrace";

/** Shares of all tickers, best first, that get each letter or a better one. */
const ratings: [letter: string, share: number][] = [
  ["AAA", 0.05],
  ["AA", 0.12],
  ["A", 0.25],
  ["BBB", 0.4],
  ["BB", 0.55],
  ["B", 0.7],
  ["CCC", 0.8],
  ["CC", 0.9],
  ["C", 0.96],
  ["D", 1],
];

/**
 * Ranks tickers within their sectors by momentum (change), value (earnings yield) and volume (its logarithm).
 * Each becomes a z-score: 0 where a sector has one ticker or no spread. A ticker without earnings has no value
 * score and counts there as average.
 */
export class AAACalculator extends Calculator {
  override saveOptions() {
    return { key: ["rank"] as const };
  }

  calculate(tickers: DataFrame): DataFrame {
    const sorted = tickers
      .withColumns(
        pl.col("change").alias("momentum_z"),
        pl
          .when(pl.col("pe").gt(0))
          .then(pl.lit(1).div(pl.col("pe")))
          .otherwise(pl.lit(null))
          .alias("value_z"),
        pl.col("volume").cast(pl.Float64).plus(1).log(10).alias("volume_z"),
      )
      .withColumns(zScore("momentum_z"), zScore("value_z"), zScore("volume_z"))
      .withColumns(
        pl.col("momentum_z").plus(pl.col("value_z").fillNull(0)).plus(pl.col("volume_z")).div(3).alias("score"),
      )
      .sort({ by: [pl.col("score"), pl.col("ticker")], descending: [true, false] });
    const places = Array.from({ length: sorted.height }, (_, index) => index + 1);
    const columns = frame(
      { rank: places, rating: places.map((place) => ratingOf(place, sorted.height)) },
      { rank: "int32", rating: "string" },
    );
    return pl.concat([columns.select("rank"), sorted, columns.select("rating")], { how: "horizontal" });
  }
}

/** The column as distance from its sector's mean, in standard deviations. */
function zScore(column: string) {
  const value = pl.col(column);
  const spread = value.std().over("sector");
  return pl
    .when(value.isNull())
    .then(pl.lit(null))
    .when(spread.gt(1e-9))
    .then(value.minus(value.mean().over("sector")).div(spread))
    .otherwise(pl.lit(0))
    .cast(pl.Float64)
    .alias(column);
}

function ratingOf(place: number, count: number): string {
  const share = (place - 0.5) / count;
  return (ratings.find(([, limit]) => share <= limit) ?? ["D"])[0];
}
