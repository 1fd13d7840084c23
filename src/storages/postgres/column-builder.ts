import type { Data, DataType } from "apache-arrow";
import { FidelityError } from "../../errors.ts";
import { arrowLibrary } from "../../frame/arrow-library.ts";
import type { ColumnType } from "../../frame/types.ts";
import type { Mapping } from "./column-types.ts";
import { epochDays, epochMicros } from "./copy-format.ts";

/** A column of a table on its way into a frame. */
export interface DecodedColumn {
  readonly name: string;
  readonly mapping: Mapping;
}

/** Collects the values of one column, batch by batch. */
export interface ColumnBuilder {
  readonly type: DataType;
  /** Number of the batch's first row, for errors. */
  firstRow: number;
  /** Bytes of text so far. */
  readonly textBytes: number;
  /** Adds the value whose `length` bytes begin at `at`. */
  add(view: DataView, bytes: Buffer, at: number, length: number): void;
  addNull(): void;
  /** The values so far; the builder is empty then. */
  flush(firstRow: number): Data;
}

export function newBuilder(column: DecodedColumn, frame: string): ColumnBuilder {
  const { wire } = column.mapping;
  if (wire === "bytes") return new BytesBuilder(column, frame);
  if (wire === "bool") return new BoolBuilder(column, frame);
  return new FixedBuilder(column, frame);
}

/** Rows that a new batch has room for; it doubles. */
const firstCapacity = 1024;

abstract class BaseBuilder {
  readonly type: DataType;
  firstRow = 0;
  protected readonly column: DecodedColumn;
  protected readonly frame: string;
  protected length = 0;
  protected nulls = 0;
  protected capacity = firstCapacity;
  protected valid = new Uint8Array(firstCapacity >> 3);

  constructor(column: DecodedColumn, frame: string) {
    this.column = column;
    this.frame = frame;
    this.type = arrowType(column.mapping.type);
  }

  get textBytes(): number {
    return 0;
  }

  protected present(): void {
    this.valid[this.length >> 3] = (this.valid[this.length >> 3] as number) | (1 << (this.length & 7));
    this.length++;
  }

  /** Doubles the room; the values' own room is the subclass's part. */
  protected grow(): void {
    this.capacity *= 2;
    const valid = new Uint8Array(this.capacity >> 3);
    valid.set(this.valid);
    this.valid = valid;
  }

  protected begin(): void {
    this.length = 0;
    this.nulls = 0;
    this.valid = new Uint8Array(this.capacity >> 3);
  }

  protected refuse(what: string): FidelityError {
    const message = `Column "${this.column.name}", row ${this.firstRow + this.length}, holds ${what}.`;
    return new FidelityError(message, {
      storage: "postgres",
      frame: this.frame,
      hint: "Read that column as text: schema with the type string for it.",
    });
  }
}

class BoolBuilder extends BaseBuilder implements ColumnBuilder {
  #values = new Uint8Array(firstCapacity >> 3);

  add(_view: DataView, bytes: Buffer, at: number): void {
    if (this.length === this.capacity) this.#grow();
    if (bytes[at] === 1) {
      this.#values[this.length >> 3] = (this.#values[this.length >> 3] as number) | (1 << (this.length & 7));
    }
    this.present();
  }

  addNull(): void {
    if (this.length === this.capacity) this.#grow();
    this.length++;
    this.nulls++;
  }

  flush(): Data {
    const { makeData, Bool } = arrowLibrary();
    const { length, nulls: nullCount, valid: nullBitmap } = this;
    const data = makeData({ type: new Bool(), length, nullCount, nullBitmap, data: this.#values });
    this.#values = new Uint8Array(this.capacity >> 3);
    this.begin();
    return data;
  }

  #grow(): void {
    this.grow();
    const values = new Uint8Array(this.capacity >> 3);
    values.set(this.#values);
    this.#values = values;
  }
}

type Numbers =
  | Int8Array
  | Uint8Array
  | Int16Array
  | Uint16Array
  | Int32Array
  | Uint32Array
  | Float32Array
  | Float64Array
  | BigInt64Array
  | BigUint64Array;

/** How the bytes of a value become a number of the frame; the numbers make the switch below a jump table. */
const Kind = { int16: 0, int32: 1, int64: 2, small64: 3, float32: 4, float64: 5, date: 6, micros: 7, slow: 8 } as const;

const epochLow = Number(epochMicros & 0xffffffffn);
const epochHigh = Number(epochMicros >> 32n);
/** Server times from this upper half on could pass 2^63 once they count from 1970. */
const lastHigh = Number((2n ** 63n - 1n - epochMicros) >> 32n);

class FixedBuilder extends BaseBuilder implements ColumnBuilder {
  readonly #kind: number;
  readonly #least: number;
  readonly #most: number;
  #values: Numbers;
  /** The same memory as pairs of 32 bits, low first. */
  #halves: Int32Array;

  constructor(column: DecodedColumn, frame: string) {
    super(column, frame);
    this.#kind = kindOf(column.mapping);
    [this.#least, this.#most] = ranges[column.mapping.type.kind] ?? [
      Number.NEGATIVE_INFINITY,
      Number.POSITIVE_INFINITY,
    ];
    this.#values = newValues(column.mapping.type, firstCapacity);
    this.#halves = halvesOf(this.#values);
  }

  add(view: DataView, _bytes: Buffer, at: number, length: number): void {
    const row = this.length;
    if (row === this.capacity) this.#grow();
    switch (this.#kind) {
      case Kind.int16:
        this.#put(row, view.getInt16(at));
        break;
      case Kind.int32:
        this.#put(row, view.getInt32(at));
        break;
      case Kind.int64:
        this.#halves[2 * row] = view.getInt32(at + 4);
        this.#halves[2 * row + 1] = view.getInt32(at);
        break;
      case Kind.small64:
        if (view.getInt32(at) !== 0)
          throw this.refuse(`${view.getBigInt64(at)}, which is no ${this.column.mapping.type.kind}`);
        this.#values[row] = view.getUint32(at + 4);
        break;
      case Kind.float32:
        this.#values[row] = view.getFloat32(at);
        break;
      case Kind.float64:
        this.#values[row] = view.getFloat64(at);
        break;
      case Kind.date: {
        const day = view.getInt32(at);
        if (day === 0x7fffffff || day === -0x80000000) throw this.refuse("infinity, which a date of a frame can't be");
        this.#values[row] = day + epochDays;
        break;
      }
      case Kind.micros: {
        // value + epoch, in halves: a BigInt for every value would take a third of the whole time.
        const high = view.getInt32(at);
        if (high >= lastHigh || high === -0x80000000) this.#refuseUnheld(view.getBigInt64(at));
        const low = view.getUint32(at + 4) + epochLow;
        this.#halves[2 * row] = low;
        this.#halves[2 * row + 1] = high + epochHigh + (low > 0xffffffff ? 1 : 0);
        break;
      }
      default:
        (this.#values as BigInt64Array)[row] = this.#slow(view, at, length);
    }
    this.present();
  }

  addNull(): void {
    if (this.length === this.capacity) this.#grow();
    this.length++;
    this.nulls++;
  }

  flush(): Data {
    const { makeData } = arrowLibrary();
    const { length, nulls: nullCount, valid: nullBitmap } = this;
    const values = this.#values.subarray(0, length);
    const data = makeData({ type: this.type, length, nullCount, nullBitmap, data: values } as Parameters<
      typeof makeData
    >[0]);
    this.#values = newValues(this.column.mapping.type, this.capacity);
    this.#halves = halvesOf(this.#values);
    this.begin();
    return data as Data;
  }

  #put(row: number, value: number): void {
    if (value < this.#least || value > this.#most) {
      throw this.refuse(`${value}, which is no ${this.column.mapping.type.kind}`);
    }
    this.#values[row] = value;
  }

  #slow(view: DataView, at: number, length: number): bigint {
    const { type, wire } = this.column.mapping;
    if (wire === "numeric") return this.#numeric(view, at, length);
    const value = view.getBigInt64(at);
    if (wire === "time") return value * 1000n;
    if (value >= 2n ** 63n - 1n || value === -(2n ** 63n)) this.#refuseUnheld(value);
    const micros = value + epochMicros;
    if (type.kind === "datetime" && type.unit === "ms") {
      if (micros % 1000n !== 0n) throw this.refuse("a time finer than the milliseconds it was saved with");
      return micros / 1000n;
    }
    const nanos = micros * 1000n;
    if (BigInt.asIntN(64, nanos) !== nanos) throw this.refuse("a time outside 1677 to 2262, the range of nanoseconds");
    return nanos;
  }

  #numeric(view: DataView, at: number, length: number): bigint {
    const digits = view.getInt16(at);
    const weight = view.getInt16(at + 2);
    const sign = view.getUint16(at + 4);
    let value = 0n;
    for (let i = 0; i <= weight; i++) value = value * 10_000n + BigInt(i < digits ? view.getInt16(at + 8 + 2 * i) : 0);
    if (sign !== 0 || digits > weight + 1 || value >= 2n ** 64n || length < 8) {
      throw this.refuse("a number that is no uint64");
    }
    return BigInt.asIntN(64, value);
  }

  #refuseUnheld(value: bigint): void {
    if (value === 2n ** 63n - 1n || value === -(2n ** 63n))
      throw this.refuse("infinity, which a datetime of a frame can't be");
    if (value > 2n ** 63n - 1n - epochMicros)
      throw this.refuse("a time after the year 294246, beyond what a frame can hold");
  }

  #grow(): void {
    this.grow();
    const values = newValues(this.column.mapping.type, this.capacity);
    (values as Uint8Array).set(this.#values as Uint8Array);
    this.#values = values;
    this.#halves = halvesOf(values);
  }
}

class BytesBuilder extends BaseBuilder implements ColumnBuilder {
  #offsets = new Int32Array(firstCapacity + 1);
  #bytes = Buffer.allocUnsafe(firstCapacity * 16);
  #used = 0;

  override get textBytes(): number {
    return this.#used;
  }

  add(_view: DataView, bytes: Buffer, at: number, length: number): void {
    if (this.length === this.capacity) this.#grow();
    if (this.#used + length > this.#bytes.length) {
      const more = Buffer.allocUnsafe(Math.max(this.#bytes.length * 2, this.#used + length));
      this.#bytes.copy(more, 0, 0, this.#used);
      this.#bytes = more;
    }
    // A call to copy costs more than a short loop.
    if (length < 24) for (let i = 0; i < length; i++) this.#bytes[this.#used + i] = bytes[at + i] as number;
    else bytes.copy(this.#bytes, this.#used, at, at + length);
    this.#used += length;
    this.present();
    this.#offsets[this.length] = this.#used;
  }

  addNull(): void {
    if (this.length === this.capacity) this.#grow();
    this.length++;
    this.nulls++;
    this.#offsets[this.length] = this.#used;
  }

  flush(): Data {
    const { makeData } = arrowLibrary();
    const { length, nulls: nullCount, valid: nullBitmap } = this;
    const data = makeData({
      ...{ type: this.type, length, nullCount, nullBitmap },
      ...{ valueOffsets: this.#offsets.subarray(0, length + 1), data: this.#bytes.subarray(0, this.#used) },
    } as Parameters<typeof makeData>[0]);
    this.#offsets = new Int32Array(this.capacity + 1);
    this.#bytes = Buffer.allocUnsafe(Math.max(firstCapacity * 16, this.#used));
    this.#used = 0;
    this.begin();
    return data as Data;
  }

  #grow(): void {
    this.grow();
    const offsets = new Int32Array(this.capacity + 1);
    offsets.set(this.#offsets);
    this.#offsets = offsets;
  }
}

const ranges: Partial<Record<ColumnType["kind"], readonly [number, number]>> = {
  int8: [-128, 127],
  uint8: [0, 255],
  uint16: [0, 65_535],
};

function kindOf({ type, wire }: Mapping): number {
  if (type.kind === "datetime") return type.unit === "us" ? Kind.micros : Kind.slow;
  if (type.kind === "uint32") return Kind.small64;
  if (wire === "numeric" || wire === "time" || wire === "timestamp") return Kind.slow;
  return Kind[wire as "int16" | "int32" | "int64" | "float32" | "float64" | "date"];
}

function newValues(type: ColumnType, length: number): Numbers {
  switch (type.kind) {
    case "int8":
      return new Int8Array(length);
    case "uint8":
      return new Uint8Array(length);
    case "int16":
      return new Int16Array(length);
    case "uint16":
      return new Uint16Array(length);
    case "int32":
    case "date":
      return new Int32Array(length);
    case "uint32":
      return new Uint32Array(length);
    case "float32":
      return new Float32Array(length);
    case "float64":
      return new Float64Array(length);
    case "uint64":
      return new BigUint64Array(length);
    default:
      return new BigInt64Array(length);
  }
}

function halvesOf(values: Numbers): Int32Array {
  if (!(values instanceof BigInt64Array)) return new Int32Array(0);
  return new Int32Array(values.buffer, values.byteOffset, values.length * 2);
}

function arrowType(type: ColumnType): DataType {
  const arrow = arrowLibrary();
  switch (type.kind) {
    case "boolean":
      return new arrow.Bool();
    case "int8":
      return new arrow.Int8();
    case "uint8":
      return new arrow.Uint8();
    case "int16":
      return new arrow.Int16();
    case "uint16":
      return new arrow.Uint16();
    case "int32":
      return new arrow.Int32();
    case "uint32":
      return new arrow.Uint32();
    case "int64":
      return new arrow.Int64();
    case "uint64":
      return new arrow.Uint64();
    case "float32":
      return new arrow.Float32();
    case "float64":
      return new arrow.Float64();
    case "string":
      return new arrow.Utf8();
    case "binary":
      return new arrow.Binary();
    case "date":
      return new arrow.DateDay();
    case "time":
      return new arrow.TimeNanosecond();
    case "datetime": {
      const Type = { ms: arrow.TimestampMillisecond, us: arrow.TimestampMicrosecond, ns: arrow.TimestampNanosecond }[
        type.unit
      ];
      return new Type(type.zone);
    }
    default:
      throw new Error(`There is no Arrow type for ${type.kind} here.`);
  }
}
