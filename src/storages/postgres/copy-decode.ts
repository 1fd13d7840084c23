import { setImmediate as nextTurn } from "node:timers/promises";
import type { RecordBatch, Schema } from "apache-arrow";
import { CorruptDataError } from "../../errors.ts";
import { arrowLibrary } from "../../frame/arrow-library.ts";
import { type ColumnBuilder, type DecodedColumn, newBuilder } from "./column-builder.ts";
import { headerBytes } from "./copy-format.ts";

/** What to decode. */
export interface DecodeOptions {
  /** The frame's name, for errors. */
  readonly frame: string;
  /** Most rows of one batch. */
  readonly batchRows: number;
}

/** Bytes that are decoded in one turn of the event loop. A socket gives up to 2 MB in one turn, which would take too long. */
const turnBytes = 256 << 10;

/** Text of one batch; beyond, its 32-bit offsets would overflow. */
const maxBatchText = 256 << 20;

/**
 * Decodes a stream of binary COPY, as rows arrive, to Arrow record batches. The layout is described in copy-format.ts.
 *
 * @throws FidelityError naming column and row for a value that the column's type in the frame can't hold.
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
  const { Schema: ArrowSchema, Field } = arrowLibrary();
  return new ArrowSchema(columns.map((column) => new Field(column.name, newBuilder(column, "").type, true)));
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
    if (this.done || this.#pendingBytes < this.#needed) return false;
    const bytes = this.#pending.length === 1 ? (this.#pending[0] as Buffer) : Buffer.concat(this.#pending);
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    let at = 0;
    if (!this.#started) {
      this.#started = true;
      at = headerBytes + view.getInt32(15);
    }
    let full = false;
    let needed = 2;
    const builders = this.#builders;
    while (!full) {
      if (at + 2 > bytes.length) break;
      const fields = view.getInt16(at);
      if (fields === -1) {
        this.done = true;
        at = bytes.length;
        break;
      }
      if (fields !== builders.length) throw this.#corrupt(`a row has ${fields} fields`);
      const end = rowEnd(view, at + 2, fields);
      if (end > bytes.length) {
        needed = end - at;
        break;
      }
      at += 2;
      let textBytes = 0;
      for (let field = 0; field < fields; field++) {
        const length = view.getInt32(at);
        at += 4;
        const builder = builders[field] as ColumnBuilder;
        if (length < 0) builder.addNull();
        else {
          builder.add(view, bytes, at, length);
          at += length;
        }
        if (builder.textBytes > textBytes) textBytes = builder.textBytes;
      }
      this.rows++;
      full = this.rows === this.#batchRows || textBytes > maxBatchText;
    }
    const rest = bytes.subarray(at);
    this.#pending = rest.length > 0 ? [rest] : [];
    this.#pendingBytes = rest.length;
    this.#needed = full ? 2 : Math.max(needed, rest.length + 1);
    return full;
  }

  /** The rows so far as a batch, and begins the next one. */
  flush(): RecordBatch {
    const { RecordBatch: Batch, Struct, makeData } = arrowLibrary();
    const children = this.#builders.map((builder) => builder.flush(this.#taken));
    const data = makeData({ type: new Struct(this.#schema.fields), length: this.rows, nullCount: 0, children });
    this.#taken += this.rows;
    this.rows = 0;
    for (const builder of this.#builders) builder.firstRow = this.#taken;
    return new Batch(this.#schema, data);
  }

  #corrupt(why: string): CorruptDataError {
    return new CorruptDataError(`The server's answer is damaged: ${why}.`, { storage: "postgres", frame: this.#frame });
  }
}

/** Where the row ends whose first field begins at `at`; at least beyond the view when that can't be seen yet. */
function rowEnd(view: DataView, at: number, fields: number): number {
  let end = at;
  for (let field = 0; field < fields; field++) {
    if (end + 4 > view.byteLength) return end + 4;
    const length = view.getInt32(end);
    end += 4 + Math.max(length, 0);
  }
  return end;
}
