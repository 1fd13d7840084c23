/**
 * The one place that imports nodejs-polars: everything else takes frames from here.
 *
 * @module
 */
import polars from "nodejs-polars";

export type { DataFrame, Expr, LazyDataFrame, Series } from "nodejs-polars";
export type { DataType } from "nodejs-polars/bin/datatypes/index.js";

/** The polars namespace: `pl.col("close").mean()`, `pl.scanCSV(path)` … */
export const pl = polars;
