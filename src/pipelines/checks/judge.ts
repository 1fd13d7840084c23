import { setImmediate as nextTurn } from "node:timers/promises";
import type { Verdict } from "../../contracts/check.ts";
import { exactColumns, heightOf, lazyOf } from "../../frame/access.ts";
import type { DataFrame } from "../../frame/polars.ts";
import { records } from "../../frame/records.ts";

/** Rows asked in one turn of the event loop. */
const rowsAtOnce = 4_096;

/** Which rows a function of one's own calls broken, and what it says of them. */
export interface Judged {
  readonly broken: boolean[];
  readonly reasons: ReadonlyMap<number, string>;
}

/** Asks for each value of a column, or for each row when there is none. */
export async function judgeRows(
  batch: DataFrame,
  column: string | undefined,
  judge: (value: never) => Verdict | Promise<Verdict>,
  signal?: AbortSignal,
): Promise<Judged> {
  const broken: boolean[] = [];
  const reasons = new Map<number, string>();
  const columns = column === undefined ? lazyOf(batch) : lazyOf(batch).select(exactColumns([column]));
  for (let at = 0; at < heightOf(batch); at += rowsAtOnce) {
    signal?.throwIfAborted();
    for (const [index, row] of records(await columns.slice(at, rowsAtOnce).collect()).entries()) {
      const said = judge((column === undefined ? row : row[column]) as never);
      const verdict = said instanceof Promise ? await said : said;
      broken.push(isBroken(verdict));
      if (typeof verdict === "string") reasons.set(at + index, verdict);
    }
    await nextTurn();
  }
  return { broken, reasons };
}

export function isBroken(verdict: Verdict): boolean {
  return verdict === false || typeof verdict === "string";
}
