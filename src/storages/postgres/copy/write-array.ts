import type { Data } from "apache-arrow";
import { type Mapping, mappingOf } from "../types.ts";
import { isNull, offsetsOf, type Refuse, type ValueWriter } from "./value-writer.ts";

type WriterOf = (mapping: Mapping, data: Data, refuse: Refuse) => ValueWriter;

/** An array of one dimension, as ListBuilder reads it. */
export class ArrayWriter implements ValueWriter {
  readonly fixed = null;
  readonly #items: ValueWriter;
  readonly #data: Data;
  readonly #child: Data;
  readonly #oid: number;
  readonly #offset: (index: number) => number;

  constructor({ type }: Mapping, data: Data, refuse: Refuse, writerOf: WriterOf) {
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
