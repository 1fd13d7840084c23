import type { Dictionary, Vector } from "apache-arrow";
import { arrowLibrary } from "../../../frame/arrow-library.ts";
import { ColumnBuilder, firstCapacity } from "./column-builder.ts";
import type { DecodedColumn } from "./misfit.ts";

/** Texts and bytes, as they are. */
export class BytesBuilder extends ColumnBuilder {
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
export class EnumBuilder extends ColumnBuilder {
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
