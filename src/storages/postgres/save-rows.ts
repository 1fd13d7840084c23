import { setImmediate as nextTurn } from "node:timers/promises";
import type { Table } from "apache-arrow";
import type { FrameField } from "../../contracts/frame-schema.ts";
import { SaveError } from "../../errors.ts";
import { parseType } from "../../frame/types.ts";
import { CopyIn } from "./copy/copy-in.ts";
import { type EncodedColumn, encodeRows } from "./copy/encode.ts";
import { copyHeader, copyTrailer } from "./copy/format.ts";
import { twoRooms } from "./copy/rooms.ts";
import type { Connection } from "./database.ts";
import { orderColumn, quote } from "./identifiers.ts";
import { oneAhead } from "./one-ahead.ts";
import { mappingOf } from "./types.ts";

/** Where rows are copied to. */
export interface CopyTarget {
  /** The table, quoted. */
  readonly table: string;
  /** The frame's columns as the table has them. */
  readonly fields: readonly FrameField[];
  readonly frame: string;
  /** First number for millrace_row, when the table has it. */
  readonly order?: bigint | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onRows?: ((rows: number) => void) | undefined;
}

/**
 * Copies tables of rows into a table by binary COPY, each chunk encoded while the one before is on its way. Resolves with the
 * number of rows, which the server has counted too.
 *
 * @throws FidelityError for a value that can't be held; SaveError when the server's count differs.
 */
export async function copyRows(
  { client }: Connection,
  rows: AsyncIterable<Table>,
  { table, fields, frame, order, signal, onRows }: CopyTarget,
): Promise<number> {
  const columns = fields.map(({ name, type }): EncodedColumn => ({ name, mapping: mappingOf(parseType(type)) }));
  const names = [...fields.map(({ name }) => quote(name)), ...(order === undefined ? [] : [quote(orderColumn)])];
  if (names.length === 0) {
    for await (const _ of rows);
    return 0;
  }
  const copy = client.query(new CopyIn(`COPY ${table} (${names.join(", ")}) FROM STDIN (FORMAT binary)`));
  const room = twoRooms();
  let count = 0;
  let sent = copy.send(copyHeader());
  sent.catch(() => {});
  try {
    for await (const part of oneAhead(rows)) {
      const start = order === undefined ? {} : { order: order + BigInt(count) };
      for (const chunk of encodeRows(part, columns, { frame, firstRow: count, room, ...start })) {
        signal?.throwIfAborted();
        await sent;
        sent = copy.send(chunk);
        sent.catch(() => {});
        await nextTurn();
      }
      count += part.numRows;
      onRows?.(count);
    }
    await sent;
    await copy.send(copyTrailer());
  } catch (cause) {
    await copy.fail();
    throw cause;
  }
  const counted = await copy.finish();
  if (counted !== count) {
    throw new SaveError(`The server counted ${counted} rows of ${count}; nothing was saved.`, {
      storage: "postgres",
      frame,
    });
  }
  return count;
}
