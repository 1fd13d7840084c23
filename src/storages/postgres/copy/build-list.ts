import type { Field } from "apache-arrow";
import { mappingOf } from "../types.ts";
import { ColumnBuilder, firstCapacity } from "./column-builder.ts";
import type { DecodedColumn } from "./misfit.ts";

type NewBuilder = (column: DecodedColumn, frame: string, owner: ColumnBuilder) => ColumnBuilder;

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
export class ListBuilder extends ColumnBuilder {
  readonly #items: ColumnBuilder;
  /** How many items each has, when all have the same. */
  readonly #size: number | null;
  #offsets = new Int32Array(firstCapacity + 1);
  #used = 0;

  constructor(column: DecodedColumn, frame: string, owner: ColumnBuilder | undefined, newBuilder: NewBuilder) {
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
