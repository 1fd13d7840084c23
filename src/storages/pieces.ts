import type { IBatchSource } from "../contracts/batches.ts";
import type { IDataSource } from "../contracts/data-source.ts";
import type { ReadOptions } from "../contracts/read-options.ts";
import type { DataFrame } from "../frame/polars.ts";

/** A frame in pieces, at least one: batches where the source has them, else all of it at once. */
export async function* piecesOf(
  source: IDataSource,
  name: string,
  { batchRows, ...options }: ReadOptions & { batchRows?: number } = {},
): AsyncGenerator<DataFrame> {
  let some = false;
  if ("getBatches" in source) {
    const asked = batchRows === undefined ? options : { ...options, batchRows };
    for await (const piece of (source as IDataSource & IBatchSource).getBatches(name, asked)) {
      some = true;
      yield piece;
    }
  }
  if (!some) yield await source.getData(name, options);
}
