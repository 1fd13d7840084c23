import type { ColumnType } from "../../../frame/types.ts";
import { ColumnBuilder, firstCapacity } from "./column-builder.ts";
import { halvesOf } from "./format.ts";
import type { DecodedColumn } from "./misfit.ts";
import { type Numbers, type Read, type Room, readerOf } from "./read-values.ts";

export class NullBuilder extends ColumnBuilder {
  add(): void {
    throw this.refuse("a value, in a column that has none");
  }

  protected take(): object {
    return {};
  }
}

/** One byte; bits in a frame. */
export class BoolBuilder extends ColumnBuilder {
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
export class FixedBuilder extends ColumnBuilder implements Room {
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
