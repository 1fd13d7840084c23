import { hash } from "node:crypto";
import { setImmediate as nextTurn } from "node:timers/promises";
import { headerBytes } from "../copy/format.ts";
import type { TableDefinition } from "./definition.ts";

/** What rows are, whatever their order: how many, and the sum of their digests. */
export interface RowSum {
  readonly rows: number;
  readonly sum: bigint;
}

const modulus = 1n << 128n;

/** Bytes that are summed in one turn of the event loop. */
const turnBytes = 128 << 10;

/** Sums rows as COPY gives them, in constant memory. */
export async function sumRows(bytes: AsyncIterable<Buffer>, format: TableDefinition["format"]): Promise<RowSum> {
  const cut = format === "binary" ? cutBinary : cutText;
  const found = { rows: 0, sum: 0n };
  let pending: Buffer[] = [];
  let pendingBytes = 0;
  let start = format === "binary" ? headerBytes : 0;
  let wanted = start;
  let sinceTurn = 0;
  const take = () => {
    const whole = Buffer.concat(pending);
    let at = start;
    for (let end = cut(whole, at); end > at; end = cut(whole, at)) {
      found.sum = (found.sum + BigInt(`0x${hash("sha256", whole.subarray(at, end), "hex").slice(0, 32)}`)) % modulus;
      found.rows++;
      at = end;
    }
    pending = [whole.subarray(at)];
    pendingBytes = whole.length - at;
    start = 0;
    // Twice as much as there was: joining the pieces of a long row again and again would take forever.
    wanted = 2 * pendingBytes;
  };
  for await (const chunk of bytes) {
    pending.push(chunk);
    pendingBytes += chunk.length;
    if (pendingBytes >= wanted) take();
    sinceTurn += chunk.length;
    if (sinceTurn < turnBytes) continue;
    sinceTurn = 0;
    await nextTurn();
  }
  take();
  return found;
}

/** Where the row that begins at `at` ends; `at` itself when it is not whole, or the trailer. */
function cutBinary(bytes: Buffer, at: number): number {
  if (at + 2 > bytes.length) return at;
  const fields = bytes.readInt16BE(at);
  let end = at + 2;
  for (let field = 0; field < fields; field++) {
    if (end + 4 > bytes.length) return at;
    end += 4 + Math.max(0, bytes.readInt32BE(end));
  }
  return fields < 0 || end > bytes.length ? at : end;
}

/** A line: a line end within a value is written as `\n`. */
function cutText(bytes: Buffer, at: number): number {
  const end = bytes.indexOf(10, at);
  return end < 0 ? at : end + 1;
}
