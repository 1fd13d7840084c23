import type { DeclaredSchema } from "./frame-schema.ts";

/** What part of a frame to read. All parts are optional; together they narrow. */
export interface ReadOptions {
  /** Only these columns, in this order. */
  columns?: string[];
  /** Rows at or after this time. A `Date` is an instant; a string is ISO, without an offset the column's own wall clock. */
  from?: Date | string;
  /** Rows before this time (`from <= time < to`). */
  to?: Date | string;
  /** The column that `from` and `to` speak of; else the one saved with the frame, else the only temporal one. */
  timeColumn?: string;
  /** What becomes of rows without a time when `from` or `to` narrows: they are left out (`drop`, the default), or come too (`keep`). */
  nullTimes?: "drop" | "keep";
  /** At most this many rows, the first ones. */
  limit?: number;
  /** The columns' declared types, such as a `frameSchema(…)` or `{ price: "float64?" }`. Columns that it does not name are read as always. Where a
   * storage has to find the types (csv) or may turn one into another without loss (postgres), these win; else they are compared. */
  schema?: DeclaredSchema;
  /** Ends the read; the promise rejects with the signal's reason. */
  signal?: AbortSignal;
}
