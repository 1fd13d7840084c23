import type { DataFrame } from "nodejs-polars";
import type { ReadOptions } from "./read-options.ts";
import type { SaveOptions } from "./save-options.ts";

/** A source that can give a frame in pieces, in constant memory. */
export interface IBatchSource {
  /** Batches are kept small in bytes by the source itself, and reading a few rows first would cost as much as a pass over all. */
  readonly cutsByBytes?: boolean;
  /** Pieces of at most `batchRows` rows (default 65,536), in order, all from one state of the frame. */
  getBatches(source: string, options?: ReadOptions & { batchRows?: number }): AsyncIterable<DataFrame>;
}

/** A saver that can take a frame in pieces. */
export interface IBatchSaver {
  /**
   * All or nothing, as `saveData`. With `backup: true` what stood there is backed up first.
   *
   * @throws SchemaError when there is no batch and no `schema`.
   */
  saveBatches(
    batches: AsyncIterable<DataFrame>,
    destination: string,
    options?: SaveOptions & { backup?: boolean },
  ): Promise<boolean>;
}
