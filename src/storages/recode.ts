import { lazyOf } from "../frame/access.ts";
import type { DataFrame, LazyDataFrame } from "../frame/polars.ts";
import { type Misfit, type Recoding, recodeFrame } from "../frame/recode.ts";
import { type SpillOptions, spillBatches } from "./spill.ts";

/** Rows with some columns recoded. Disposing removes the files behind them. */
export interface RecodedRows extends AsyncDisposable {
  readonly rows: LazyDataFrame;
}

/** Whose rows they are, and the error for a text that is none of its column's type. */
export type RecodeOptions = Pick<SpillOptions, "config" | "storage" | "frame" | "signal"> & {
  readonly refuse?: (misfit: Misfit) => Error;
};

/** Rows in memory at a time. Each slice of rows that lie in many files looks at all files before it: so not too few. */
const sliceRows = 262_144;

/**
 * `recodeFrame` in constant memory: slice by slice, each kept as an Arrow file, except where one slice is all.
 *
 * @param rows are evaluated once for each slice: a frame in memory or a scan of files. Collect first what sorts or joins.
 */
export async function recodeRows(
  rows: LazyDataFrame,
  height: number,
  recodings: readonly Recoding[],
  { refuse, ...options }: RecodeOptions,
): Promise<RecodedRows> {
  if (recodings.length === 0) return { rows, async [Symbol.asyncDispose]() {} };
  const recoded = async (at: number): Promise<DataFrame> => {
    const slice = await rows.slice(at, sliceRows).collect();
    return recodeFrame(slice, recodings, refuse && ((misfit) => refuse({ ...misfit, row: at + misfit.row })));
  };
  if (height <= sliceRows) return { rows: lazyOf(await recoded(0)), async [Symbol.asyncDispose]() {} };
  const slices = async function* () {
    for (let at = 0; at < height; at += sliceRows) yield await recoded(at);
  };
  return spillBatches(slices(), options);
}
