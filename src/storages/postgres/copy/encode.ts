import type { Data, Table } from "apache-arrow";
import { FidelityError } from "../../../errors.ts";
import type { Mapping } from "../types.ts";
import { type FieldRows, isNull, type Refuse, type ValueWriter } from "./value-writer.ts";
import { writerOf } from "./write-values.ts";

/** A column of a frame on its way into a table. */
export interface EncodedColumn {
  readonly name: string;
  readonly mapping: Mapping;
}

/** What to encode besides the values. */
export interface EncodeOptions {
  /** The frame's name, for errors. */
  readonly frame: string;
  /** Number of the first row here, when a frame comes in several tables. */
  readonly firstRow?: number;
  /** Adds a last field: this number for the first row, one more for each next. */
  readonly order?: bigint;
  /** Gives room for the next chunk, see rooms.ts. Without it each has its own. */
  readonly room?: Room;
}

type Room = (bytes: number) => Buffer;

/** Bytes that are handed on at once. Small enough for the work on one chunk to take a few milliseconds. */
const chunkBytes = 256 << 10;

/** A value of this size and more is handed on where it lies instead of being copied. */
const largeValue = 64 << 10;

/** Values that are looked at together: a few milliseconds. */
const windowCells = 32_768;

/**
 * The rows of an Arrow table as binary COPY, without header and trailer, in chunks; a row may be cut by a chunk's end.
 * The columns stand in the table's order. The layout is described in format.ts.
 *
 * @throws FidelityError naming column and row for a value that PostgreSQL can't hold.
 */
export function* encodeRows(
  table: Table,
  columns: readonly EncodedColumn[],
  { frame, firstRow = 0, order, room = Buffer.allocUnsafe }: EncodeOptions,
): Generator<Buffer, void> {
  let before = 0;
  for (const { data, numRows } of table.batches) {
    if (numRows === 0) continue;
    const fields = columns.map((column, index): Field => {
      const nulls = data.children[index] as Data;
      const writer = writerOf(column.mapping, nulls, refusing(column.name, firstRow + before, frame));
      return { writer, nulls: nulls.nullCount > 0 ? nulls : null };
    });
    if (order !== undefined) fields.push({ writer: orderWriter(order + BigInt(before)), nulls: null });
    yield* encodeBatch(fields, numRows, room);
    before += numRows;
  }
}

/** A field of each row. */
interface Field {
  readonly writer: ValueWriter;
  /** Says which values are null, when any is. */
  readonly nulls: Data | null;
}

function refusing(name: string, firstRow: number, frame: string): Refuse {
  return (row, what, remedy) =>
    new FidelityError(`Column "${name}", row ${firstRow + row + 1}, holds ${what}.`, {
      storage: "postgres",
      frame,
      hint: `${remedy} before saving.`,
    });
}

function orderWriter(first: bigint): ValueWriter {
  return {
    fixed: 8,
    size: () => 8,
    write: (view, _bytes, at, row) => view.setBigInt64(at, first + BigInt(row)),
  };
}

function* encodeBatch(fields: readonly Field[], rows: number, room: Room): Generator<Buffer, void> {
  const step = Math.max(1, Math.min(rows, Math.floor(windowCells / Math.max(1, fields.length))));
  const sizes = new Float64Array(step);
  for (let from = 0; from < rows; from += step) {
    const to = Math.min(rows, from + step);
    const known = fields.filter(isKnown).reduce((sum, { writer }) => sum + (writer.fixed ?? 0), 0);
    sizes.fill(2 + 4 * fields.length + known);
    for (const field of fields) if (!isKnown(field)) measure(field, from, to, sizes);
    for (let row = from; row < to; ) {
      const end = chunkEnd(sizes, row - from, to - from) + from;
      if (end > row) yield encodeChunk(fields, row, sizes.subarray(row - from, end - from), room);
      else yield* encodeLongRow(fields, row);
      row = Math.max(end, row + 1);
    }
  }
}

/** Whether a field takes the same room in every row. */
function isKnown({ writer, nulls }: Field): boolean {
  return writer.fixed !== null && nulls === null;
}

/** Adds the bytes of a field to those of each row. */
function measure({ writer, nulls }: Field, from: number, to: number, sizes: Float64Array): void {
  writer.check?.(from, to);
  for (let row = from; row < to; row++) {
    if (nulls !== null && isNull(nulls, row)) continue;
    sizes[row - from] = (sizes[row - from] as number) + (writer.fixed ?? writer.size(row));
  }
}

/** The first row from `start` on that has no more room in a chunk. */
function chunkEnd(sizes: Float64Array, start: number, end: number): number {
  let row = start;
  for (let bytes = 0; row < end; row++) {
    bytes += sizes[row] as number;
    if (bytes > chunkBytes) break;
  }
  return row;
}

/** Whole rows, written column by column: so the processor knows what comes next. */
function encodeChunk(fields: readonly Field[], from: number, sizes: Float64Array, room: Room): Buffer {
  const to = from + sizes.length;
  const places = new Uint32Array(sizes.length);
  let end = 0;
  for (let row = 0; row < sizes.length; row++) {
    places[row] = end;
    end += sizes[row] as number;
  }
  const bytes = room(end);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  for (let row = 0; row < places.length; row++) {
    view.setInt16(places[row] as number, fields.length);
    places[row] = (places[row] as number) + 2;
  }
  for (const { writer, nulls } of fields) {
    const rows = { view, bytes, places, from, to };
    if (writer.writeRows) writer.writeRows(rows, nulls);
    else writeOneByOne(writer, rows, nulls);
  }
  return bytes;
}

function writeOneByOne(writer: ValueWriter, { view, bytes, places, from, to }: FieldRows, nulls: Data | null): void {
  for (let row = from; row < to; row++) {
    const at = places[row - from] as number;
    if (nulls !== null && isNull(nulls, row)) {
      view.setInt32(at, -1);
      places[row - from] = at + 4;
      continue;
    }
    const size = writer.fixed ?? writer.size(row);
    view.setInt32(at, size);
    writer.write(view, bytes, at + 4, row);
    places[row - from] = at + 4 + size;
  }
}

/** A row that is larger than a chunk, field by field. Large texts are not copied. */
function* encodeLongRow(fields: readonly Field[], row: number): Generator<Buffer, void> {
  let waiting: Buffer[] = [word(2, fields.length)];
  let bytes = 0;
  for (const { writer, nulls } of fields) {
    if (nulls !== null && isNull(nulls, row)) {
      waiting.push(word(4, -1));
      continue;
    }
    const size = writer.size(row);
    waiting.push(word(4, size));
    const large = size >= largeValue ? writer.bytesOf?.(row) : undefined;
    if (!large) {
      const value = Buffer.allocUnsafe(size);
      writer.write(new DataView(value.buffer, value.byteOffset, size), value, 0, row);
      waiting.push(value);
      bytes += size;
    }
    if (!large && bytes < chunkBytes) continue;
    yield Buffer.concat(waiting);
    for (let at = 0; at < (large?.length ?? 0); at += chunkBytes) yield large?.subarray(at, at + chunkBytes) as Buffer;
    waiting = [];
    bytes = 0;
  }
  if (waiting.length > 0) yield Buffer.concat(waiting);
}

function word(bytes: 2 | 4, value: number): Buffer {
  const word = Buffer.allocUnsafe(bytes);
  word.writeIntBE(value, 0, bytes);
  return word;
}
