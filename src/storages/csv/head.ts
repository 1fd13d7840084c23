import { textOf } from "./bytes.ts";
import type { CsvFile } from "./csv-file.ts";
import type { CsvReadOptions } from "./options.ts";
import { cr, type Fault, found, lf, RecordCutter, type Signs } from "./records.ts";

/** The text that a file begins with. */
export interface Head {
  bytes: Buffer;
  /** Bytes of text; one more follows for the cutter. */
  end: number;
  /** Whether it is all of the file. */
  whole: boolean;
}

/** At least so many bytes, where the file has them. */
export async function readHead(file: CsvFile, least: number): Promise<Head> {
  const parts: Buffer[] = [];
  let end = 0;
  let whole = true;
  for await (const chunk of textOf(file)) {
    if (end >= least) {
      whole = false;
      break;
    }
    parts.push(Buffer.from(chunk));
    end += chunk.length;
  }
  return { bytes: Buffer.concat([...parts, Buffer.from([lf])]), end, whole };
}

export function firstLine({ bytes, end }: Head, start: number, lineEnd: number): string {
  const stop = bytes.subarray(0, end).indexOf(lineEnd, start);
  return bytes.toString("latin1", start, stop < 0 ? end : stop);
}

/** What a look at the head with one separator showed. */
export interface Seen {
  fields: string[];
  start: number;
  line: number;
  rows: number;
  ragged: number;
  /** Fields of the row behind the first record; 0 when there is none. */
  firstRow: number;
  fault: Fault | undefined;
}

export function look(head: Head, signs: Signs, start: number, line: number, { header = true }: CsvReadOptions): Seen {
  const cutter = new RecordCutter(signs);
  cutter.line = line;
  const seen: Seen = { fields: [], start, line, rows: 0, ragged: 0, firstRow: 0, fault: undefined };
  for (let at = start; at < head.end; at = cutter.stop) {
    const before = cutter.line;
    const what = cutter.next(head.bytes, at, head.end, head.whole);
    if (what === found.more) break;
    if (what === found.fault) {
      const first = seen.fields.length === 0;
      return { ...seen, ...(first && { start: at }), fault: cutter.fault };
    }
    if (what !== found.record) continue;
    if (seen.fields.length === 0) {
      seen.fields = cutter.texts(head.bytes);
      [seen.start, seen.line] = header === true ? [cutter.stop, cutter.line] : [at, before];
      if (header === true) continue;
    } else if (seen.firstRow === 0) seen.firstRow = cutter.fields;
    seen.rows += 1;
    if (cutter.fields !== seen.fields.length) seen.ragged += 1;
  }
  return seen;
}

/** Whether the only line ends outside quotes are lone carriage returns. */
export function hasLoneReturns({ bytes, end }: Head, start: number, quote: number): boolean {
  if (bytes.subarray(start, end).indexOf(cr) < 0) return false;
  let inQuotes = false;
  let returns = false;
  for (let i = start; i < end; i += 1) {
    const byte = bytes[i];
    if (byte === quote) inQuotes = !inQuotes;
    else if (!inQuotes && byte === lf) return false;
    else if (!inQuotes && byte === cr) returns = true;
  }
  return returns;
}
