import { setImmediate as nextTurn } from "node:timers/promises";
import { heightOf, sliceOf } from "../../frame/access.ts";
import { exactJson } from "../../frame/exact-json.ts";
import type { DataFrame } from "../../frame/polars.ts";
import { records } from "../../frame/records.ts";

/** Rows that become text before other requests get their turn. */
const sliceRows = 1_000;

/** One JSON array of all rows. */
export async function* jsonOf(pieces: AsyncIterable<DataFrame>): AsyncGenerator<string> {
  let opening = "[";
  for await (const lines of rowTexts(pieces)) {
    yield `${opening}${lines.join(",")}`;
    opening = ",";
  }
  yield opening === "[" ? "[]" : "]";
}

/** A line of JSON for each row. */
export async function* ndjsonOf(pieces: AsyncIterable<DataFrame>): AsyncGenerator<string> {
  for await (const lines of rowTexts(pieces)) yield `${lines.join("\n")}\n`;
}

async function* rowTexts(pieces: AsyncIterable<DataFrame>): AsyncGenerator<string[]> {
  for await (const piece of pieces) {
    for (let at = 0; at < heightOf(piece); at += sliceRows) {
      yield records(sliceOf(piece, at, sliceRows)).map((row) => JSON.stringify(row, exactJson));
      await nextTurn();
    }
  }
}
