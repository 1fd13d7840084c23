import type { Data } from "apache-arrow";
import type { ColumnType } from "../../../frame/types.ts";
import { type Mapping, mappingOf } from "../types.ts";
import { epochDays, epochHigh, epochLow, epochMicros, firstDay, firstMicros, halvesOf, lastDay } from "./format.ts";
import { numericLayout, writeNumeric } from "./numeric.ts";

/** Makes the error for a value that PostgreSQL can't hold. */
export type Refuse = (row: number, what: string, remedy: string) => Error;

/** Writes the values of one column, each without the length that stands before it. */
export interface ValueWriter {
  /** Bytes of every value, when all have the same number. */
  readonly fixed: number | null;
  /** Bytes of a value. */
  size(row: number): number;
  write(view: DataView, bytes: Buffer, at: number, row: number): void;
  /** Writes many fields, each where `places` says and with its length before it, and moves that on: quicker than one by one. */
  writeRows?(rows: FieldRows, nulls: Data | null): void;
  /** Refuses what can't be held, for many rows at once where that is quicker. */
  check?(from: number, to: number): void;
  /** Where the value lies already. */
  bytesOf?(row: number): Buffer;
}

/** Fields of rows from `from` to `to` on their way into a chunk. */
export interface FieldRows {
  readonly view: DataView;
  readonly bytes: Buffer;
  /** Where the field of each row begins. */
  readonly places: Uint32Array;
  readonly from: number;
  readonly to: number;
}

/** How the values of an Arrow column are written: the same bytes as read-values.ts reads. */
export function writerOf(mapping: Mapping, data: Data, refuse: Refuse): ValueWriter {
  const { type, wire } = mapping;
  if (wire === "none") return fixed(0, () => {});
  const numbers = data.values as unknown as ArrayLike<number>;
  const big = data.values as unknown as ArrayLike<bigint>;
  switch (wire) {
    case "bool": {
      const { offset } = data;
      return fixed(1, (view, at, row) =>
        view.setUint8(at, ((numbers[(offset + row) >> 3] as number) >> ((offset + row) & 7)) & 1),
      );
    }
    case "int16":
      return fixed(2, (view, at, row) => view.setInt16(at, numbers[row] as number));
    case "int32":
      return fixed(4, (view, at, row) => view.setInt32(at, numbers[row] as number));
    case "int64":
      return type.kind === "uint32" ? uint32(numbers) : int64(halvesOf(data.values));
    case "float32":
      return fixed(4, (view, at, row) => view.setFloat32(at, numbers[row] as number));
    case "float64":
      return float64(data.values);
    case "date":
      return date(numbers, refuse);
    case "time":
      return int64Of((row) => wholeMicros(big[row] as bigint, row, refuse));
    case "timestamp":
      return type.kind === "datetime" ? timestamp(type.unit, data, refuse) : int64(halvesOf(data.values));
    case "interval":
      return interval(type.kind === "duration" ? type.unit : "us", big, refuse);
    case "numeric":
      return type.kind === "decimal" ? decimal(type, data) : uint64(big);
    case "array":
      return new ArrayWriter(mapping, data, refuse);
    default:
      return new BytesWriter(data, type.kind !== "binary", refuse);
  }
}

function fixed(bytes: number, write: (view: DataView, at: number, row: number) => void): ValueWriter {
  return { fixed: bytes, size: () => bytes, write: (view, _bytes, at, row) => write(view, at, row) };
}

/** Each kind that is met often has a loop of its own: calling a function for every value would double the time. */
function int64(halves: Int32Array): ValueWriter {
  const write = (view: DataView, at: number, row: number) => {
    view.setInt32(at, halves[2 * row + 1] as number);
    view.setInt32(at + 4, halves[2 * row] as number);
  };
  return {
    ...fixed(8, write),
    writeRows({ view, places, from, to }, nulls) {
      for (let row = from; row < to; row++) {
        const at = places[row - from] as number;
        if (nulls !== null && isNull(nulls, row)) {
          view.setInt32(at, -1);
          places[row - from] = at + 4;
          continue;
        }
        view.setInt32(at, 8);
        view.setInt32(at + 4, halves[2 * row + 1] as number);
        view.setInt32(at + 8, halves[2 * row] as number);
        places[row - from] = at + 12;
      }
    },
  };
}

function float64(values: Float64Array): ValueWriter {
  return {
    ...fixed(8, (view, at, row) => view.setFloat64(at, values[row] as number)),
    writeRows({ view, places, from, to }, nulls) {
      for (let row = from; row < to; row++) {
        const at = places[row - from] as number;
        if (nulls !== null && isNull(nulls, row)) {
          view.setInt32(at, -1);
          places[row - from] = at + 4;
          continue;
        }
        view.setInt32(at, 8);
        view.setFloat64(at + 4, values[row] as number);
        places[row - from] = at + 12;
      }
    },
  };
}

function int64Of(value: (row: number) => bigint): ValueWriter {
  return fixed(8, (view, at, row) => view.setBigInt64(at, value(row)));
}

/** bigint: the upper half is 0. */
function uint32(numbers: ArrayLike<number>): ValueWriter {
  return fixed(8, (view, at, row) => {
    view.setInt32(at, 0);
    view.setUint32(at + 4, numbers[row] as number);
  });
}

/** int32 days since 2000-01-01. */
function date(numbers: ArrayLike<number>, refuse: Refuse): ValueWriter {
  return fixed(4, (view, at, row) => {
    const day = numbers[row] as number;
    if (day < firstDay || day > lastDay) throw outOfRange(row, refuse);
    view.setInt32(at, day - epochDays);
  });
}

/** Times whose upper half is greater are in PostgreSQL's range. */
const firstMicrosHigh = Number(firstMicros >> 32n);

/** int64 microseconds since 2000-01-01 00:00, with a zone in UTC. */
function timestamp(unit: "ms" | "us" | "ns", data: Data, refuse: Refuse): ValueWriter {
  const big = data.values as unknown as BigInt64Array;
  if (unit === "ns") return int64Of((row) => wholeMicros(big[row] as bigint, row, refuse) - epochMicros);
  if (unit === "ms") {
    return int64Of((row) => {
      const micros = (big[row] as bigint) * 1000n;
      if (micros < firstMicros || micros >= 2n ** 63n) throw outOfRange(row, refuse);
      return micros - epochMicros;
    });
  }
  const halves = halvesOf(big);
  const write = (view: DataView, at: number, row: number) => {
    const low = ((halves[2 * row] as number) >>> 0) - epochLow;
    const high = halves[2 * row + 1] as number;
    if (high <= firstMicrosHigh && (big[row] as bigint) < firstMicros) throw outOfRange(row, refuse);
    view.setInt32(at, high - epochHigh - (low < 0 ? 1 : 0));
    view.setInt32(at + 4, low);
  };
  return {
    ...fixed(8, write),
    writeRows({ view, places, from, to }, nulls) {
      for (let row = from; row < to; row++) {
        const at = places[row - from] as number;
        const missing = nulls !== null && isNull(nulls, row);
        view.setInt32(at, missing ? -1 : 8);
        if (!missing) write(view, at + 4, row);
        places[row - from] = at + (missing ? 4 : 12);
      }
    },
  };
}

/** int64 microseconds, int32 days, int32 months. A duration has no days: those of a calendar differ in length. */
function interval(unit: "ms" | "us" | "ns", big: ArrayLike<bigint>, refuse: Refuse): ValueWriter {
  return fixed(16, (view, at, row) => {
    const value = big[row] as bigint;
    const micros = unit === "us" ? value : unit === "ms" ? value * 1000n : wholeMicros(value, row, refuse);
    if (BigInt.asIntN(64, micros) !== micros) {
      throw refuse(row, "a duration beyond 292,000 years, PostgreSQL's longest in microseconds", "Keep it as int64");
    }
    view.setBigInt64(at, micros);
    view.setBigInt64(at + 8, 0n);
  });
}

function wholeMicros(nanos: bigint, row: number, refuse: Refuse): bigint {
  if (nanos % 1000n === 0n) return nanos / 1000n;
  throw refuse(
    row,
    "a time finer than a microsecond, PostgreSQL's finest",
    "Round it to microseconds, or keep it as int64",
  );
}

function outOfRange(row: number, refuse: Refuse): Error {
  return refuse(row, "a time outside PostgreSQL's range (from 4714 BC)", "Mend or remove that value");
}

/** numeric(20,0): see numeric.ts. */
function uint64(big: ArrayLike<bigint>): ValueWriter {
  const layout = numericLayout(20, 0);
  return fixed(layout.bytes, (view, at, row) => writeNumeric(view, at, BigInt.asUintN(64, big[row] as bigint), layout));
}

/** Two halves of 64 bits, low first. */
function decimal({ precision, scale }: ColumnType & { kind: "decimal" }, { values }: Data): ValueWriter {
  const layout = numericLayout(precision, scale);
  const words = new BigInt64Array(values.buffer, values.byteOffset, values.byteLength / 8);
  return fixed(layout.bytes, (view, at, row) => {
    const [low, high] = [words[2 * row] as bigint, words[2 * row + 1] as bigint];
    writeNumeric(view, at, high === low >> 63n ? low : (high << 64n) | BigInt.asUintN(64, low), layout);
  });
}

/** PostgreSQL's limit for one value is 1 GB, with what it adds to it. */
const maxValueBytes = 0x3fffffff - 64;

/** Texts, JSON and bytes, as they are. */
class BytesWriter implements ValueWriter {
  readonly fixed = null;
  readonly #bytes: Buffer;
  readonly #offsets: Int32Array;
  /** Numbers of 32 bits that each offset has. */
  readonly #width: 1 | 2;
  readonly #isText: boolean;
  readonly #data: Data;
  readonly #refuse: Refuse;

  constructor(data: Data, isText: boolean, refuse: Refuse) {
    const { buffer, byteOffset, byteLength } = data.values;
    this.#bytes = Buffer.from(buffer as ArrayBuffer, byteOffset, byteLength);
    const offsets: Int32Array | BigInt64Array = data.valueOffsets;
    this.#width = offsets instanceof BigInt64Array ? 2 : 1;
    this.#offsets = offsets instanceof BigInt64Array ? halvesOf(offsets) : offsets;
    this.#isText = isText;
    this.#data = data;
    this.#refuse = refuse;
  }

  size(row: number): number {
    const size = this.#offset(row + 1) - this.#offset(row);
    if (size <= maxValueBytes) return size;
    throw this.#refuse(row, `a value of ${size} bytes; PostgreSQL holds up to 1 GB`, "Split it");
  }

  write(_view: DataView, bytes: Buffer, at: number, row: number): void {
    const start = this.#offset(row);
    const length = this.#offset(row + 1) - start;
    // A call to copy costs more than a short loop.
    if (length < 24) for (let i = 0; i < length; i++) bytes[at + i] = this.#bytes[start + i] as number;
    else this.#bytes.copy(bytes, at, start, start + length);
  }

  writeRows({ view, bytes, places, from, to }: FieldRows, nulls: Data | null): void {
    const source = this.#bytes;
    let end = this.#offset(from);
    for (let row = from; row < to; row++) {
      let at = places[row - from] as number;
      const start = end;
      end = this.#offset(row + 1);
      if (nulls !== null && isNull(nulls, row)) {
        view.setInt32(at, -1);
        places[row - from] = at + 4;
        continue;
      }
      const length = end - start;
      view.setInt32(at, length);
      at += 4;
      if (length < 24) for (let i = 0; i < length; i++) bytes[at + i] = source[start + i] as number;
      else source.copy(bytes, at, start, end);
      places[row - from] = at + length;
    }
  }

  #offset(index: number): number {
    if (this.#width === 1) return this.#offsets[index] as number;
    return ((this.#offsets[2 * index] as number) >>> 0) + (this.#offsets[2 * index + 1] as number) * 2 ** 32;
  }

  bytesOf(row: number): Buffer {
    return this.#bytes.subarray(this.#offset(row), this.#offset(row + 1));
  }

  /** A text of PostgreSQL can't hold a NUL. Looked for in many rows at once it costs next to nothing. */
  check(from: number, to: number): void {
    if (!this.#isText || !this.#bytes.subarray(this.#offset(from), this.#offset(to)).includes(0)) return;
    for (let row = from; row < to; row++) {
      if (isNull(this.#data, row) || !this.bytesOf(row).includes(0)) continue;
      throw this.#refuse(row, "a text with a NUL, which PostgreSQL can't hold", "Remove the NUL");
    }
  }
}

/** An array of one dimension, as ListBuilder reads it. */
class ArrayWriter implements ValueWriter {
  readonly fixed = null;
  readonly #items: ValueWriter;
  readonly #data: Data;
  readonly #child: Data;
  readonly #oid: number;
  readonly #offset: (index: number) => number;

  constructor({ type }: Mapping, data: Data, refuse: Refuse) {
    if (type.kind !== "list" && type.kind !== "array") throw new Error(`${type.kind} has no items.`);
    const item = mappingOf(type.item);
    const size = type.kind === "array" ? type.size : 0;
    this.#data = data;
    this.#child = data.children[0] as Data;
    this.#oid = item.oid;
    this.#offset = type.kind === "array" ? (index) => index * size : offsetsOf(data);
    this.#items = writerOf(item, this.#child, (at, what, remedy) => refuse(this.#rowOf(at), what, remedy));
  }

  size(row: number): number {
    const [from, to] = [this.#offset(row), this.#offset(row + 1)];
    if (from === to) return 12;
    let size = 20 + 4 * (to - from);
    for (let item = from; item < to; item++)
      if (!isNull(this.#child, item)) size += this.#items.fixed ?? this.#items.size(item);
    return size;
  }

  write(view: DataView, bytes: Buffer, at: number, row: number): void {
    const [from, to] = [this.#offset(row), this.#offset(row + 1)];
    view.setInt32(at, from === to ? 0 : 1);
    view.setInt32(at + 4, 0);
    view.setInt32(at + 8, this.#oid);
    if (from === to) return;
    view.setInt32(at + 12, to - from);
    view.setInt32(at + 16, 1);
    let place = at + 20;
    for (let item = from; item < to; item++) {
      if (isNull(this.#child, item)) {
        view.setInt32(at + 4, 1);
        view.setInt32(place, -1);
        place += 4;
        continue;
      }
      const size = this.#items.size(item);
      view.setInt32(place, size);
      this.#items.write(view, bytes, place + 4, item);
      place += 4 + size;
    }
  }

  check(from: number, to: number): void {
    this.#items.check?.(this.#offset(from), this.#offset(to));
  }

  /** The row of an item, for an error. */
  #rowOf(item: number): number {
    let row = 0;
    while (row < this.#data.length && this.#offset(row + 1) <= item) row++;
    return row;
  }
}

/** Whether a value is null. */
export function isNull({ nullCount, nullBitmap, offset }: Data, row: number): boolean {
  if (nullCount === 0) return false;
  // Only a column of the type null has no bits.
  if (!nullBitmap || nullBitmap.length === 0) return true;
  return (((nullBitmap[(offset + row) >> 3] as number) >> ((offset + row) & 7)) & 1) === 0;
}

/** Offsets of 32 or 64 bits as numbers. */
function offsetsOf(data: Data): (index: number) => number {
  const offsets: Int32Array | BigInt64Array = data.valueOffsets;
  if (!(offsets instanceof BigInt64Array)) return (index) => offsets[index] as number;
  const halves = halvesOf(offsets);
  return (index) => ((halves[2 * index] as number) >>> 0) + (halves[2 * index + 1] as number) * 2 ** 32;
}
