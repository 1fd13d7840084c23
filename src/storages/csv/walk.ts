import { textOf } from "./bytes.ts";
import type { ColumnScan } from "./column-scan.ts";
import { type CsvFile, chunkBytes } from "./csv-file.ts";
import { faultError, raggedError } from "./faults.ts";
import { byteClass, cr, found, lf, RecordCutter } from "./records.ts";
import type { Table } from "./table.ts";

/**
 * Rows whose bytes are ready for polars: UTF-8, LF or CRLF, no comments, each with as many fields as there are columns. The bytes stay as
 * they are until the walk goes on.
 */
export interface Rows {
  parts: Buffer[];
  count: number;
}

/** A longer record is none: a quote in it is never closed. */
const recordBytes = 256 << 20;

/**
 * Walks over all records of a file and shows each field to its column. Ragged rows are mended, dropped or refused; comments and blank
 * lines are left out (in a file of one column, a blank line is a null).
 */
export class RecordWalk {
  rows = 0;
  /** Whether all of the file was walked over. */
  done = false;
  /** Ragged rows that were dropped, and the lines of the first of them. */
  dropped = 0;
  readonly droppedLines: number[] = [];

  readonly #file: CsvFile;
  readonly #table: Table;
  readonly #columns: readonly ColumnScan[];
  readonly #looking: readonly number[];
  readonly #cutter: RecordCutter;
  readonly #keeps: boolean;
  #parts: Buffer[] = [];
  #count = 0;

  /** @param keeps whether the bytes of rows are wanted: then `takeRows` has to be called after each step. */
  constructor(file: CsvFile, table: Table, columns: readonly ColumnScan[], keeps: boolean) {
    this.#file = file;
    this.#table = table;
    this.#columns = columns;
    this.#looking = columns.flatMap(({ looks }, i) => (looks ? [i] : []));
    this.#keeps = keeps;
    this.#cutter = new RecordCutter(table.signs);
    this.#cutter.line = table.line;
  }

  /**
   * Walks on in steps of about 1 MB, each of which ends after a whole record.
   *
   * @throws CorruptDataError with the line of a fault.
   */
  async *steps(): AsyncGenerator<void> {
    let work: Buffer = Buffer.alloc(1);
    let held = 0;
    let skip = this.#table.start;
    let wanted = 0;
    for await (const chunk of textOf(this.#file)) {
      const fresh = skip === 0 ? chunk : chunk.subarray(Math.min(skip, chunk.length));
      skip -= chunk.length - fresh.length;
      work = withRoom(work, held, fresh.length + 1);
      held += fresh.copy(work, held);
      // A record longer than a chunk is looked at again only when twice as much of it is there.
      if (held < wanted) continue;
      if (held > recordBytes) {
        const { line } = this.#cutter;
        throw faultError(this.#file, { line, what: "a quote that is never closed, or a record of more than 256 MB" });
      }
      const used = this.#walk(work, held, false);
      yield;
      work.copy(work, 0, used, held);
      held -= used;
      wanted = held > chunkBytes ? held * 2 : 0;
    }
    this.#walk(work, held, true);
    this.done = true;
    yield;
  }

  /** The rows since the last call. */
  takeRows(): Rows {
    const rows = { parts: this.#parts, count: this.#count };
    this.#parts = [];
    this.#count = 0;
    return rows;
  }

  /** Walks over the whole records in `bytes`, and returns where the first that is not whole begins. */
  #walk(bytes: Buffer, end: number, last: boolean): number {
    const cutter = this.#cutter;
    const width = this.#columns.length;
    const { lineEnd } = this.#table.signs;
    bytes[end] = lineEnd;
    let at = 0;
    let kept = 0;
    while (at < end) {
      const { line } = cutter;
      const what = cutter.next(bytes, at, end, last);
      if (what === found.more) break;
      if (cutter.fault) throw faultError(this.#file, cutter.fault);
      if (what === found.comment || (what === found.blank && width > 1)) {
        this.#keep(bytes, kept, at);
        kept = cutter.stop;
      } else if (cutter.fields === width) {
        this.#showFields(bytes, width);
        if (lineEnd === cr && cutter.stop > cutter.end) bytes[cutter.end] = lf;
      } else {
        this.#keep(bytes, kept, at);
        this.#mend(bytes, at, line);
        kept = cutter.stop;
      }
      at = cutter.stop;
    }
    this.#keep(bytes, kept, at);
    return at;
  }

  #showFields(bytes: Buffer, count: number): void {
    const { starts, ends, classes } = this.#cutter;
    this.rows += 1;
    this.#count += 1;
    for (const i of this.#looking) {
      const column = this.#columns[i] as ColumnScan;
      if (i < count) column.take(bytes, starts[i] as number, ends[i] as number, classes[i] as number);
      else column.take(bytes, 0, 0, 0);
    }
  }

  #mend(bytes: Buffer, at: number, line: number): void {
    const { fields, starts, ends, classes, end } = this.#cutter;
    const { raggedRows, signs } = this.#table;
    const width = this.#columns.length;
    if (raggedRows === "drop") {
      this.dropped += 1;
      if (this.droppedLines.length < 5) this.droppedLines.push(line);
      return;
    }
    let extra = width;
    while (extra < fields && starts[extra] === ends[extra]) extra += 1;
    if (raggedRows === "error" || extra < fields) {
      throw raggedError(this.#file, this.#table, { line, fields, first: this.rows === 0 });
    }
    this.#showFields(bytes, Math.min(fields, width));
    const stop = fields < width ? end : (ends[width - 1] as number) + (classes[width - 1] === byteClass.quoted ? 1 : 0);
    this.#keep(bytes, at, stop);
    const more = Math.max(0, width - fields);
    this.#keep(Buffer.alloc(more + 1, signs.separator).fill(lf, more), 0, more + 1);
  }

  #keep(bytes: Buffer, from: number, to: number): void {
    if (this.#keeps && from < to) this.#parts.push(bytes.subarray(from, to));
  }
}

/** The buffer, or a larger one with the same bytes, that has room for `more` after `used`. */
function withRoom(buffer: Buffer, used: number, more: number): Buffer {
  if (used + more <= buffer.length) return buffer;
  const larger = Buffer.allocUnsafe(Math.max(used + more, buffer.length * 2));
  buffer.copy(larger, 0, 0, used);
  return larger;
}
