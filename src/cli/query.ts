import { columnsOf, heightOf, sliceOf } from "../frame/access.ts";
import { records } from "../frame/records.ts";
import { cellText } from "./cell-text.ts";
import type { GlobalOptions } from "./options.ts";
import { printJson, printLines, say, tableLines } from "./output.ts";
import { inSession } from "./session.ts";

/** Prints the rows of a SELECT on the PostgreSQL database. It runs in a transaction that can't write. */
export function query(sql: string, { limit }: { limit: number }, options: GlobalOptions): Promise<void> {
  return inSession(options, async ({ factory }) => {
    const frame = await factory.createDataSource("postgres").query(sql);
    const rows = heightOf(frame);
    if (options.json) return printJson(records(frame));
    const names = columnsOf(frame);
    const shown = records(sliceOf(frame, 0, limit)).map((row) => names.map((name) => cellText(row[name])));
    if (names.length > 0) printLines(tableLines(names, shown));
    if (rows > limit) say(`${rows - limit} more of ${rows} rows; see --limit.`, options);
  });
}
