import type { Data, Table } from "apache-arrow";
import { FidelityError } from "../../errors.ts";
import type { Mapping } from "./column-types.ts";
import { epochDays, epochMicros, firstDay, firstMicros, lastDay } from "./copy-format.ts";

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
}

/** Bytes that are handed on at once. Small enough for the work on one chunk to take a few milliseconds. */
const chunkBytes = 256 << 10;

/** Text of this size and more is handed on where it lies instead of being copied. */
const largeText = 64 << 10;

/** PostgreSQL's limit for one value is 1 GB, with what it adds to it. */
const maxValueBytes = 0x3fffffff - 64;

/** Rows whose texts are searched for NUL at once. */
const windowRows = 4096;

/**
 * The rows of an Arrow table as binary COPY, without header and trailer, in chunks; a row may be cut by a chunk's end.
 * The columns stand in the table's order. The layout is described in copy-format.ts.
 *
 * @throws FidelityError naming column and row for a value that PostgreSQL can't hold.
 */
export function* encodeRows(
  table: Table,
  columns: readonly EncodedColumn[],
  options: EncodeOptions,
): Generator<Buffer, void> {
  let firstRow = options.firstRow ?? 0;
  for (const batch of table.batches) {
    const cells = columns.map((column, index) => cellsOf(column, batch.data.children[index]));
    const order = options.order === undefined ? undefined : options.order + BigInt(firstRow - (options.firstRow ?? 0));
    yield* encodeBatch(cells, batch.numRows, { frame: options.frame, firstRow, order });
    firstRow += batch.numRows;
  }
}

/** What a cell's value needs; the numbers make the switch below a jump table. */
const Kind = {
  bool: 0,
  int16: 1,
  int32: 2,
  uint32: 3,
  int64: 4,
  uint64: 5,
  float32: 6,
  float64: 7,
  date: 8,
  time: 9,
  micros: 10,
  millis: 11,
  nanos: 12,
  bytes: 13,
} as const;

interface Cells {
  readonly name: string;
  readonly kind: number;
  readonly isText: boolean;
  /** Validity bits, null when every value is there. */
  readonly valid: Uint8Array | null;
  /** Where this data's first bit is in `valid`, and in `values` of booleans. */
  readonly bit: number;
  readonly values: Uint8Array;
  readonly numbers: ArrayLike<number>;
  readonly big: BigInt64Array;
  /** 64-bit values or offsets as pairs of 32 bits, low first. */
  readonly halves: Int32Array;
  readonly offsets: Int32Array;
  readonly largeOffsets: boolean;
}

const none32 = new Int32Array(0);
const none64 = new BigInt64Array(0);

function cellsOf({ name, mapping }: EncodedColumn, data: Data | undefined): Cells {
  if (!data) throw new Error(`Column "${name}" has no data.`);
  const values = (data.values ?? new Uint8Array(0)) as ArrayBufferView & ArrayLike<number>;
  const offsets = data.valueOffsets as Int32Array | BigInt64Array | undefined;
  const wide = values instanceof BigInt64Array || values instanceof BigUint64Array;
  const large = offsets instanceof BigInt64Array;
  return {
    name,
    kind: kindOf(mapping),
    isText: mapping.type.kind === "string",
    valid: data.nullCount > 0 ? data.nullBitmap : null,
    bit: data.offset,
    values: values as unknown as Uint8Array,
    numbers: values,
    big: wide ? new BigInt64Array(values.buffer, values.byteOffset, values.length) : none64,
    halves: wide ? halvesOf(values) : large ? halvesOf(offsets) : none32,
    offsets: offsets && !large ? (offsets as Int32Array) : none32,
    largeOffsets: large,
  };
}

function halvesOf(values: ArrayBufferView & ArrayLike<unknown>): Int32Array {
  return new Int32Array(values.buffer, values.byteOffset, values.length * 2);
}

function kindOf({ type, wire }: Mapping): number {
  if (type.kind === "datetime") return { ms: Kind.millis, us: Kind.micros, ns: Kind.nanos }[type.unit];
  if (type.kind === "uint32") return Kind.uint32;
  if (wire === "numeric") return Kind.uint64;
  return wire === "timestamp" ? Kind.micros : Kind[wire];
}

const epochLow = Number(epochMicros & 0xffffffffn);
const epochHigh = Number(epochMicros >> 32n);
/** Times whose upper half is greater are in PostgreSQL's range. */
const firstMicrosHigh = Number(firstMicros >> 32n);
const two32 = 2 ** 32;

function* encodeBatch(
  cells: readonly Cells[],
  rows: number,
  { frame, firstRow, order }: { frame: string; firstRow: number; order: bigint | undefined },
): Generator<Buffer, void> {
  const fields = cells.length + (order === undefined ? 0 : 1);
  // The most that a row takes without its longer texts: a text of 23 bytes has 4 + 23, a numeric 4 + 8 + 10.
  const rowRoom = 2 + fields * 28;
  let buffer = Buffer.allocUnsafe(Math.max(chunkBytes, 2 * rowRoom));
  let view = new DataView(buffer.buffer, buffer.byteOffset, buffer.length);
  let at = 0;
  for (let row = 0; row < rows; row++) {
    if (row % windowRows === 0) refuseNul(cells, row, Math.min(rows, row + windowRows), frame, firstRow);
    if (at + rowRoom > buffer.length) {
      yield buffer.subarray(0, at);
      buffer = Buffer.allocUnsafe(buffer.length);
      view = new DataView(buffer.buffer, buffer.byteOffset, buffer.length);
      at = 0;
    }
    view.setInt16(at, fields);
    at += 2;
    for (let c = 0; c < cells.length; c++) {
      const cell = cells[c] as Cells;
      const bit = cell.bit + row;
      if (cell.valid !== null && (((cell.valid[bit >> 3] as number) >> (bit & 7)) & 1) === 0) {
        view.setInt32(at, -1);
        at += 4;
        continue;
      }
      switch (cell.kind) {
        case Kind.bool:
          view.setInt32(at, 1);
          buffer[at + 4] = ((cell.values[bit >> 3] as number) >> (bit & 7)) & 1;
          at += 5;
          break;
        case Kind.int16:
          view.setInt32(at, 2);
          view.setInt16(at + 4, cell.numbers[row] as number);
          at += 6;
          break;
        case Kind.int32:
          view.setInt32(at, 4);
          view.setInt32(at + 4, cell.numbers[row] as number);
          at += 8;
          break;
        case Kind.uint32:
          view.setInt32(at, 8);
          view.setInt32(at + 4, 0);
          view.setUint32(at + 8, cell.numbers[row] as number);
          at += 12;
          break;
        case Kind.int64:
          view.setInt32(at, 8);
          view.setInt32(at + 4, cell.halves[2 * row + 1] as number);
          view.setInt32(at + 8, cell.halves[2 * row] as number);
          at += 12;
          break;
        case Kind.uint64:
          at += writeNumeric(view, at, BigInt.asUintN(64, cell.big[row] as bigint));
          break;
        case Kind.float32:
          view.setInt32(at, 4);
          view.setFloat32(at + 4, cell.numbers[row] as number);
          at += 8;
          break;
        case Kind.float64:
          view.setInt32(at, 8);
          view.setFloat64(at + 4, cell.numbers[row] as number);
          at += 12;
          break;
        case Kind.date: {
          const day = cell.numbers[row] as number;
          if (day < firstDay || day > lastDay) throw outOfRange(cell, frame, firstRow + row);
          view.setInt32(at, 4);
          view.setInt32(at + 4, day - epochDays);
          at += 8;
          break;
        }
        case Kind.micros: {
          // value - epoch, in halves: a BigInt for every value would take a third of the whole time.
          const low = ((cell.halves[2 * row] as number) >>> 0) - epochLow;
          const high = cell.halves[2 * row + 1] as number;
          if (high <= firstMicrosHigh && (cell.big[row] as bigint) < firstMicros) {
            throw outOfRange(cell, frame, firstRow + row);
          }
          view.setInt32(at, 8);
          view.setInt32(at + 4, high - epochHigh - (low < 0 ? 1 : 0));
          view.setInt32(at + 8, low);
          at += 12;
          break;
        }
        case Kind.millis:
        case Kind.nanos: {
          view.setInt32(at, 8);
          view.setBigInt64(at + 4, microsOf(cell, row, frame, firstRow) - epochMicros);
          at += 12;
          break;
        }
        case Kind.time: {
          const nanos = cell.big[row] as bigint;
          if (nanos % 1000n !== 0n) throw tooFine(cell, frame, firstRow + row);
          view.setInt32(at, 8);
          view.setBigInt64(at + 4, nanos / 1000n);
          at += 12;
          break;
        }
        default: {
          const start = offsetOf(cell, row);
          const end = offsetOf(cell, row + 1);
          const length = end - start;
          if (length > maxValueBytes) throw tooLong(cell, frame, firstRow + row, length);
          view.setInt32(at, length);
          at += 4;
          if (length < 24) {
            // Reserved with the row; shorter than a call to copy.
            for (let i = start; i < end; i++) buffer[at++] = cell.values[i] as number;
          } else if (length >= largeText || at + length + rowRoom > buffer.length) {
            yield buffer.subarray(0, at);
            for (let from = start; from < end; from += chunkBytes) {
              yield Buffer.from(cell.values.buffer, cell.values.byteOffset + from, Math.min(chunkBytes, end - from));
            }
            buffer = Buffer.allocUnsafe(buffer.length);
            view = new DataView(buffer.buffer, buffer.byteOffset, buffer.length);
            at = 0;
          } else {
            buffer.set(cell.values.subarray(start, end), at);
            at += length;
          }
        }
      }
    }
    if (order !== undefined) {
      view.setInt32(at, 8);
      view.setBigInt64(at + 4, order + BigInt(row));
      at += 12;
    }
  }
  if (at > 0) yield buffer.subarray(0, at);
}

function offsetOf(cell: Cells, index: number): number {
  if (!cell.largeOffsets) return cell.offsets[index] as number;
  return ((cell.halves[2 * index] as number) >>> 0) + (cell.halves[2 * index + 1] as number) * two32;
}

/** Five digits to base 10000 hold 64 bits. Returns the bytes written, the length included. */
function writeNumeric(view: DataView, at: number, value: bigint): number {
  const digits: number[] = [];
  for (let rest = value; rest > 0n; rest /= 10_000n) digits.unshift(Number(rest % 10_000n));
  view.setInt32(at, 8 + 2 * digits.length);
  view.setInt16(at + 4, digits.length);
  view.setInt16(at + 6, Math.max(0, digits.length - 1));
  view.setInt32(at + 8, 0);
  for (const [index, digit] of digits.entries()) view.setInt16(at + 12 + 2 * index, digit);
  return 12 + 2 * digits.length;
}

function microsOf(cell: Cells, row: number, frame: string, firstRow: number): bigint {
  const value = cell.big[row] as bigint;
  if (cell.kind === Kind.nanos) {
    if (value % 1000n !== 0n) throw tooFine(cell, frame, firstRow + row);
    return value / 1000n;
  }
  const micros = value * 1000n;
  if (micros < firstMicros || micros >= 2n ** 63n) throw outOfRange(cell, frame, firstRow + row);
  return micros;
}

/** A text of PostgreSQL can't hold a NUL. Looked for in many rows at once: then it costs next to nothing. */
function refuseNul(cells: readonly Cells[], from: number, to: number, frame: string, firstRow: number): void {
  for (const cell of cells) {
    if (!cell.isText) continue;
    const bytes = Buffer.from(cell.values.buffer, cell.values.byteOffset, cell.values.byteLength);
    if (!bytes.subarray(offsetOf(cell, from), offsetOf(cell, to)).includes(0)) continue;
    for (let row = from; row < to; row++) {
      const bit = cell.bit + row;
      const isNull = cell.valid !== null && (((cell.valid[bit >> 3] as number) >> (bit & 7)) & 1) === 0;
      if (isNull || !bytes.subarray(offsetOf(cell, row), offsetOf(cell, row + 1)).includes(0)) continue;
      throw refused(cell, frame, firstRow + row, "a text with a NUL, which PostgreSQL can't hold", "Remove the NUL");
    }
  }
}

function tooFine(cell: Cells, frame: string, row: number): FidelityError {
  const remedy = "Round it to microseconds, or keep it as int64";
  return refused(cell, frame, row, "a time finer than a microsecond, PostgreSQL's finest", remedy);
}

function outOfRange(cell: Cells, frame: string, row: number): FidelityError {
  return refused(cell, frame, row, "a time outside PostgreSQL's range (from 4714 BC)", "Mend or remove that value");
}

function tooLong(cell: Cells, frame: string, row: number, length: number): FidelityError {
  return refused(cell, frame, row, `a value of ${length} bytes; PostgreSQL holds up to 1 GB`, "Split it");
}

function refused(cell: Cells, frame: string, row: number, what: string, remedy: string): FidelityError {
  return new FidelityError(`Column "${cell.name}", row ${row}, holds ${what}.`, {
    storage: "postgres",
    frame,
    hint: `${remedy} before saving.`,
  });
}
