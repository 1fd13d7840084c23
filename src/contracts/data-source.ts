import type { DataFrame } from "nodejs-polars";
import type { ReadOptions } from "./read-options.ts";

/** Gives named frames back. The first of the five contracts; a user's own source needs only this. */
export interface IDataSource {
  /**
   * The frame called `source`, exactly as it was saved: values, nulls, column order and dtypes.
   *
   * @throws NotFoundError when nothing has that name (the message holds the nearest names).
   * @throws ConfigError for an option that the storage does not support; none is ever ignored.
   */
  getData(source: string, options?: ReadOptions): Promise<DataFrame>;

  /** Every name that `getData` can read, sorted. Empty when the storage is new. */
  listSources(): Promise<string[]>;

  /** True when the storage can be used now. Never throws, installs nothing, answers within 5 s. */
  healthCheck(): Promise<boolean>;
}
