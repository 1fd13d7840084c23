import { heightOf, sliceOf } from "../frame/access.ts";
import type { DataFrame } from "../frame/polars.ts";

/** The pieces without their first `count` rows; at least one piece, for its columns. */
export async function* skipRows(pieces: AsyncIterable<DataFrame>, count: number): AsyncGenerator<DataFrame> {
  let left = count;
  let last: DataFrame | undefined;
  let some = false;
  for await (const piece of pieces) {
    const height = heightOf(piece);
    last = piece;
    if (left >= height && height > 0) {
      left -= height;
      continue;
    }
    some = true;
    yield left === 0 ? piece : sliceOf(piece, left, height - left);
    left = 0;
  }
  if (!some && last) yield sliceOf(last, 0, 0);
}
