import { setImmediate as nextTurn } from "node:timers/promises";
import type { RecordBatch, Schema } from "apache-arrow";
import { CorruptDataError } from "../../../errors.ts";
import { arrowLibrary } from "../../../frame/arrow-library.ts";
import type { ColumnBuilder } from "./column-builder.ts";
import { headerBytes } from "./format.ts";
import type { DecodedColumn } from "./misfit.ts";
import { newBuilder } from "./new-builder.ts";

/** What to decode. */
export interface DecodeOptions {
  /** The frame's name, for errors. */
  readonly frame: string;
  /** Most rows of one batch. */
  readonly batchRows: number;
}

/** Bytes that are decoded in one turn of the event loop. A socket gives up to 2 MB in one turn, which would take too long. */
const turnBytes = 256 << 10;

/** Bytes of the next chunk that a row which was cut is joined with. */
const joinedBytes = 8 << 10;

/** Text of one batch; beyond, its 32-bit offsets would overflow. */
const maxBatchText = 256 << 20;

/**
 * Decodes a stream of binary COPY, as rows arrive, to Arrow record batches. The layout is described in format.ts.
 *
 * @throws Misfit naming column and row for a value that the column's type in the frame can't hold.
 */
export async function* decodeRows(
  stream: AsyncIterable<Buffer>,
  columns: readonly DecodedColumn[],
  options: DecodeOptions,
): AsyncGenerator<RecordBatch, void> {
  const decoder = new Decoder(columns, options);
  let sinceTurn = 0;
  for await (const chunk of stream) {
    decoder.take(chunk);
    while (decoder.decode()) yield decoder.flush();
    sinceTurn += chunk.length;
    if (sinceTurn < turnBytes) continue;
    sinceTurn = 0;
    await nextTurn();
  }
  if (!decoder.done)
    throw new CorruptDataError("The server's answer ended in the middle.", {
      storage: "postgres",
      frame: options.frame,
    });
  if (decoder.rows > 0) yield decoder.flush();
}

/** The Arrow schema of what `decodeRows` gives. */
export function arrowSchema(columns: readonly DecodedColumn[]): Schema {
  return new (arrowLibrary().Schema)(columns.map(({ field }) => field));
}

class Decoder {
  rows = 0;
  done = false;
  readonly #builders: readonly ColumnBuilder[];
  readonly #schema: Schema;
  readonly #frame: string;
  readonly #batchRows: number;
  #taken = 0;
  #pending: Buffer[] = [];
  #pendingBytes = 0;
  /** Bytes that have to be there before it makes sense to look again. */
  #needed = headerBytes;
  #started = false;
  /** Where each field of the rows that are whole begins, row by row. */
  #starts = new Uint32Array(1024);

  constructor(columns: readonly DecodedColumn[], { frame, batchRows }: DecodeOptions) {
    this.#builders = columns.map((column) => newBuilder(column, frame));
    this.#schema = arrowSchema(columns);
    this.#frame = frame;
    // Of wide tables fewer rows, so that a batch stays near 64 MB.
    this.#batchRows = Math.min(batchRows, Math.max(1, Math.floor((8 << 20) / Math.max(1, columns.length))));
  }

  take(chunk: Buffer): void {
    this.#pending.push(chunk);
    this.#pendingBytes += chunk.length;
  }

  /** Decodes what is whole. True when a batch is full, and there may be more. */
  decode(): boolean {
    while (!this.done && this.#pendingBytes >= this.#needed) {
      const [rest, chunk] = this.#pending as [Buffer, Buffer | undefined];
      // A row that was cut is joined with the beginning of the next chunk, so that not all of that has to be copied.
      const joined = chunk && this.#pending.length === 2 && rest.length < joinedBytes && chunk.length > 2 * joinedBytes;
      const whole = this.#pending.length === 1 ? rest : joined ? null : Buffer.concat(this.#pending);
      const bytes = whole ?? Buffer.concat([rest, (chunk as Buffer).subarray(0, joinedBytes)]);
      const { rows, end, needed } = this.#decodeRows(bytes);
      const left = whole ? whole.subarray(end) : (chunk as Buffer).subarray(Math.max(0, end - rest.length));
      if (!whole && end < rest.length) {
        // The row is longer than what was joined.
        this.#pending = [Buffer.concat([rest.subarray(end), left])];
        this.#pendingBytes = rest.length - end + left.length;
      } else {
        this.#pending = left.length > 0 ? [left] : [];
        this.#pendingBytes = left.length;
      }
      this.rows += rows;
      const full = this.rows === this.#batchRows || this.#builders.some(({ textBytes }) => textBytes > maxBatchText);
      this.#needed = full || !whole ? 2 : Math.max(needed, left.length + 1);
      if (full) return true;
    }
    return false;
  }

  #decodeRows(bytes: Buffer): { rows: number; end: number; needed: number } {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    const found = this.#findRows(view);
    const fields = this.#builders.length;
    for (let field = 0; field < fields; field++) {
      const places = { starts: this.#starts, first: field, end: found.rows * fields, step: fields };
      addColumn(this.#builders[field] as ColumnBuilder, view, bytes, places);
    }
    return found;
  }

  /** The rows so far as a batch, and begins the next one. */
  flush(): RecordBatch {
    const { RecordBatch: Batch, Struct, makeData } = arrowLibrary();
    const children = this.#builders.map((builder) => builder.flush());
    const data = makeData({ type: new Struct(this.#schema.fields), length: this.rows, nullCount: 0, children });
    this.#taken += this.rows;
    this.rows = 0;
    for (const builder of this.#builders) builder.firstRow = this.#taken;
    return new Batch(this.#schema, data);
  }

  /** Notes the fields of all rows that are whole and have room in the batch. */
  #findRows(view: DataView): { rows: number; end: number; needed: number } {
    const fields = this.#builders.length;
    const bytes = view.byteLength;
    let at = 0;
    if (!this.#started) {
      this.#started = true;
      at = headerBytes + view.getInt32(15);
    }
    let rows = 0;
    for (let text = 0; this.rows + rows < this.#batchRows && text < maxBatchText && at + 2 <= bytes; rows++) {
      const count = view.getInt16(at);
      if (count === -1) {
        this.done = true;
        return { rows, end: bytes, needed: 2 };
      }
      if (count !== fields) throw this.#corrupt(`a row has ${count} fields`);
      let end = at + 2;
      let place = rows * fields;
      if (place + fields > this.#starts.length) this.#moreStarts(place + fields);
      for (let field = 0; field < fields; field++) {
        if (end + 4 > bytes) return { rows, end: at, needed: end + 4 - at };
        this.#starts[place++] = end;
        const length = view.getInt32(end);
        end += length < 0 ? 4 : 4 + length;
      }
      if (end > bytes) return { rows, end: at, needed: end - at };
      text += end - at;
      at = end;
    }
    return { rows, end: at, needed: 2 };
  }

  #moreStarts(least: number): void {
    const more = new Uint32Array(Math.max(least, this.#starts.length * 2));
    more.set(this.#starts);
    this.#starts = more;
  }

  #corrupt(why: string): CorruptDataError {
    return new CorruptDataError(`The server's answer is damaged: ${why}.`, { storage: "postgres", frame: this.#frame });
  }
}

/** Where the fields of one column begin. */
interface Places {
  readonly starts: Uint32Array;
  readonly first: number;
  readonly end: number;
  readonly step: number;
}

/** Adds one column's values of many rows: column by column the processor knows what comes next. */
function addColumn(builder: ColumnBuilder, view: DataView, bytes: Buffer, { starts, first, end, step }: Places): void {
  for (let place = first; place < end; place += step) {
    const at = starts[place] as number;
    const length = view.getInt32(at);
    if (length < 0) builder.addNull();
    else builder.add(view, bytes, at + 4, length);
  }
}
