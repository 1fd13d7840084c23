import { setImmediate as nextTurn } from "node:timers/promises";
import { columnsOf, heightOf, lazyOf, sliceOf } from "../../frame/access.ts";
import { type DataFrame, pl } from "../../frame/polars.ts";
import { records } from "../../frame/records.ts";

/** Rows that are turned into values in one turn of the event loop. */
const rowsAtOnce = 4_096;

/**
 * The rows of `frame` without those that stand in `there` already: by key, or whole, each as often as it stands there. So that the
 * rows at the edge of two reads are not added twice, and equal rows that are really two stay two.
 */
export async function withoutThose(
  frame: DataFrame,
  there: DataFrame,
  key: readonly string[] | undefined,
): Promise<DataFrame> {
  const columns = key ?? columnsOf(frame);
  const counts = new Map<string, number>();
  await eachRow(there, columns, (text) => counts.set(text, (counts.get(text) ?? 0) + 1));
  const fresh: number[] = [];
  let row = 0;
  await eachRow(frame, columns, (text) => {
    const left = counts.get(text) ?? 0;
    if (left === 0) fresh.push(row);
    else if (key === undefined) counts.set(text, left - 1);
    row += 1;
  });
  if (fresh.length === heightOf(frame)) return frame;
  const rows = pl.Series("row", fresh, pl.Int64);
  return lazyOf(frame).select(pl.all().gather(rows)).collect();
}

async function eachRow(frame: DataFrame, columns: readonly string[], take: (text: string) => void): Promise<void> {
  for (let at = 0; at < heightOf(frame); at += rowsAtOnce) {
    for (const row of records(sliceOf(frame, at, rowsAtOnce))) {
      take(
        JSON.stringify(
          columns.map((name) => row[name] ?? null),
          plain,
        ),
      );
    }
    await nextTurn();
  }
}

/** A number reads the same whichever width of integer holds it; NaN and the infinities are no nulls. */
function plain(_name: string, value: unknown): unknown {
  if (typeof value === "bigint") return Number.isSafeInteger(Number(value)) ? Number(value) : `${value}n`;
  if (typeof value === "number" && !Number.isFinite(value)) return `${value}!`;
  if (value instanceof Uint8Array) return Buffer.from(value).toString("base64");
  return value;
}
