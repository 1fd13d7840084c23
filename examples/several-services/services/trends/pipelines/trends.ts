import { Calculator, type DataFrame, definePipeline, pl } from "millrace";

class Trend extends Calculator {
  override destination(source: string) {
    return `${source}_trend`;
  }

  calculate(prices: DataFrame) {
    const mean = pl.col("close").rollingMean({ windowSize: 3, minPeriods: 1 }).over("symbol");
    return prices.sort({ by: ["symbol", "day"] }).withColumn(mean.alias("trend"));
  }
}

/** Reads what the service prices has saved: both have the same FS_DATA. */
export default definePipeline({
  name: "trends",
  schedule: { cron: "30 18 * * 1-5", zone: "America/New_York" },
  calculate: { calculator: Trend, from: "csv", to: "csv", sources: ["prices"] },
});
