import type { Data, Dictionary, Field, Vector } from "apache-arrow";
import { arrowLibrary } from "../../../frame/arrow-library.ts";
import type { ColumnType } from "../../../frame/types.ts";
import { mappingOf } from "../types.ts";
import { halvesOf } from "./format.ts";
import { type DecodedColumn, Misfit } from "./misfit.ts";
import { type Numbers, type Read, type Room, readerOf } from "./read-values.ts";

/** Rows that a new batch has room for; it doubles. */
const firstCapacity = 1024;

/** Collects the values of one column, batch by batch. */
export abstract class ColumnBuilder {
  /** Number of the batch's first row, for errors. */
  firstRow = 0;
  protected readonly column: DecodedColumn;
  protected readonly frame: string;
  readonly #owner: ColumnBuilder | undefined;
  protected length = 0;
  protected nulls = 0;
  protected capacity = firstCapacity;
  protected valid = new Uint8Array(firstCapacity >> 3);

  constructor(column: DecodedColumn, frame: string, owner?: ColumnBuilder) {
    this.column = column;
    this.frame = frame;
    this.#owner = owner;
  }

  /** Bytes of text so far. */
  get textBytes(): number {
    return 0;
  }

  /** Adds the value whose `length` bytes begin at `at`. */
  abstract add(view: DataView, bytes: Buffer, at: number, length: number): void;

  addNull(): void {
    if (this.length === this.capacity) this.grow();
    this.length++;
    this.nulls++;
  }

  /** The values so far; the builder is empty then. */
  flush(): Data {
    const { makeData } = arrowLibrary();
    const { length, nulls: nullCount, valid: nullBitmap } = this;
    const own = { type: this.column.field.type, length, nullCount, nullBitmap, ...this.take() };
    const data = makeData(own as Parameters<typeof makeData>[0]);
    this.length = 0;
    this.nulls = 0;
    this.valid = new Uint8Array(this.capacity >> 3);
    return data as Data;
  }

  refuse(what: string): Misfit {
    return new Misfit(this.column.name, this.row, what, this.frame);
  }

  /** Number of the row that comes next: of the list, for its items. */
  get row(): number {
    return this.#owner?.row ?? this.firstRow + this.length;
  }

  /** What `makeData` needs besides, and begins anew. */
  protected abstract take(): object;

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
}

/** @param owner whose items they are. */
export function newBuilder(column: DecodedColumn, frame: string, owner?: ColumnBuilder): ColumnBuilder {
  const { type, wire } = column.mapping;
  switch (wire) {
    case "bytes":
      return new (type.kind === "enum" ? EnumBuilder : BytesBuilder)(column, frame, owner);
    case "bool":
      return new BoolBuilder(column, frame, owner);
    case "none":
      return new NullBuilder(column, frame, owner);
    case "array":
      return new ListBuilder(column, frame, owner);
    default:
      return new FixedBuilder(column, frame, owner);
  }
}

class NullBuilder extends ColumnBuilder {
  add(): void {
    throw this.refuse("a value, in a column that has none");
  }

  protected take(): object {
    return {};
  }
}

/** One byte; bits in a frame. */
class BoolBuilder extends ColumnBuilder {
  #values = new Uint8Array(firstCapacity >> 3);

  add(_view: DataView, bytes: Buffer, at: number): void {
    if (this.length === this.capacity) this.grow();
    if (bytes[at] === 1) {
      this.#values[this.length >> 3] = (this.#values[this.length >> 3] as number) | (1 << (this.length & 7));
    }
    this.present();
  }

  protected take(): object {
    const data = this.#values;
    this.#values = new Uint8Array(this.capacity >> 3);
    return { data };
  }

  protected override grow(): void {
    super.grow();
    const values = new Uint8Array(this.capacity >> 3);
    values.set(this.#values);
    this.#values = values;
  }
}

/** Values that all have the same number of bytes in a frame. */
class FixedBuilder extends ColumnBuilder implements Room {
  values: Numbers;
  halves: Int32Array;
  readonly #read: Read;
  /** Numbers of a typed array that make one value. */
  readonly #stride: number;

  constructor(column: DecodedColumn, frame: string, owner?: ColumnBuilder) {
    super(column, frame, owner);
    this.#read = readerOf(column.mapping);
    this.#stride = column.mapping.type.kind === "decimal" ? 2 : 1;
    this.values = newValues(column.mapping.type, firstCapacity * this.#stride);
    this.halves = wideHalves(this.values);
  }

  add(view: DataView, _bytes: Buffer, at: number): void {
    if (this.length === this.capacity) this.grow();
    this.#read(this, this.length, view, at);
    this.present();
  }

  protected take(): object {
    const data = this.values.subarray(0, this.length * this.#stride);
    this.#renew();
    const words = this.#stride === 2 ? new Uint32Array(data.buffer, data.byteOffset, data.length * 2) : data;
    return { data: words };
  }

  protected override grow(): void {
    super.grow();
    const before = this.values;
    this.#renew();
    (this.values as Uint8Array).set(before as Uint8Array);
  }

  #renew(): void {
    this.values = newValues(this.column.mapping.type, this.capacity * this.#stride);
    this.halves = wideHalves(this.values);
  }
}

/** Texts and bytes, as they are. */
class BytesBuilder extends ColumnBuilder {
  #offsets = new Int32Array(firstCapacity + 1);
  #bytes = Buffer.allocUnsafe(firstCapacity * 16);
  #used = 0;

  override get textBytes(): number {
    return this.#used;
  }

  add(_view: DataView, bytes: Buffer, at: number, length: number): void {
    if (this.length === this.capacity) this.grow();
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

  override addNull(): void {
    super.addNull();
    this.#offsets[this.length] = this.#used;
  }

  protected take(): object {
    const parts = {
      valueOffsets: this.#offsets.subarray(0, this.length + 1),
      data: this.#bytes.subarray(0, this.#used),
    };
    this.#offsets = new Int32Array(this.capacity + 1);
    this.#bytes = Buffer.allocUnsafe(Math.max(firstCapacity * 16, this.#used));
    this.#used = 0;
    return parts;
  }

  protected override grow(): void {
    super.grow();
    const offsets = new Int32Array(this.capacity + 1);
    offsets.set(this.#offsets);
    this.#offsets = offsets;
  }
}

/** Texts, each one of the categories; its number in a frame. */
class EnumBuilder extends ColumnBuilder {
  readonly #numbers: ReadonlyMap<string, number>;
  readonly #dictionary: Vector;
  #values = new Uint32Array(firstCapacity);

  constructor(column: DecodedColumn, frame: string, owner?: ColumnBuilder) {
    super(column, frame, owner);
    const { type } = column.mapping;
    const categories = type.kind === "enum" ? type.categories : [];
    this.#numbers = new Map(categories.map((category, number) => [category, number]));
    this.#dictionary = arrowLibrary().vectorFromArray([...categories], (column.field.type as Dictionary).dictionary);
  }

  add(_view: DataView, bytes: Buffer, at: number, length: number): void {
    if (this.length === this.capacity) this.grow();
    const text = bytes.toString("utf8", at, at + length);
    const number = this.#numbers.get(text);
    if (number === undefined)
      throw this.refuse(`${JSON.stringify(text.slice(0, 60))}, which is none of its categories`);
    this.#values[this.length] = number;
    this.present();
  }

  protected take(): object {
    const data = this.#values.subarray(0, this.length);
    this.#values = new Uint32Array(this.capacity);
    return { data, dictionary: this.#dictionary };
  }

  protected override grow(): void {
    super.grow();
    const values = new Uint32Array(this.capacity);
    values.set(this.#values);
    this.#values = values;
  }
}

/**
 * An array of PostgreSQL:
 *
 *     int32  dimensions, 0 when there are no items
 *     int32  1 when an item is null
 *     int32  number of the items' type
 *     int32  length, and
 *     int32  number of the first item, for each dimension
 *     then each item as a field of a row
 */
class ListBuilder extends ColumnBuilder {
  readonly #items: ColumnBuilder;
  /** How many items each has, when all have the same. */
  readonly #size: number | null;
  #offsets = new Int32Array(firstCapacity + 1);
  #used = 0;

  constructor(column: DecodedColumn, frame: string, owner?: ColumnBuilder) {
    super(column, frame, owner);
    const { type } = column.mapping;
    if (type.kind !== "list" && type.kind !== "array") throw new Error(`${type.kind} has no items.`);
    const [field] = column.field.type.children as Field[];
    const item = { name: column.name, mapping: mappingOf(type.item), field: field as Field };
    this.#items = newBuilder(item, frame, this);
    this.#size = type.kind === "array" ? type.size : null;
  }

  override get textBytes(): number {
    return Math.max(this.#items.textBytes, this.#used * 4);
  }

  add(view: DataView, bytes: Buffer, at: number): void {
    if (this.length === this.capacity) this.grow();
    const dimensions = view.getInt32(at);
    const count = dimensions === 0 ? 0 : view.getInt32(at + 12);
    if (dimensions > 1 || (dimensions === 1 && view.getInt32(at + 16) !== 1)) {
      throw this.refuse("an array that is no list: of several dimensions, or not counted from 1");
    }
    if (this.#size !== null && count !== this.#size) throw this.refuse(`${count} items, not ${this.#size}`);
    let place = at + (dimensions === 0 ? 12 : 20);
    for (let item = 0; item < count; item++) {
      const length = view.getInt32(place);
      place += 4;
      if (length < 0) this.#items.addNull();
      else {
        this.#items.add(view, bytes, place, length);
        place += length;
      }
    }
    this.#used += count;
    this.present();
    this.#offsets[this.length] = this.#used;
  }

  override addNull(): void {
    super.addNull();
    for (let item = 0; item < (this.#size ?? 0); item++) this.#items.addNull();
    this.#offsets[this.length] = this.#used;
  }

  protected take(): object {
    const child = this.#items.flush();
    const parts = this.#size === null ? { child, valueOffsets: this.#offsets.subarray(0, this.length + 1) } : { child };
    this.#offsets = new Int32Array(this.capacity + 1);
    this.#used = 0;
    return parts;
  }

  protected override grow(): void {
    super.grow();
    const offsets = new Int32Array(this.capacity + 1);
    offsets.set(this.#offsets);
    this.#offsets = offsets;
  }
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

function wideHalves(values: Numbers): Int32Array {
  return values instanceof BigInt64Array ? halvesOf(values) : new Int32Array(0);
}
