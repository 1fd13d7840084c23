import type { Data } from "apache-arrow";
import { arrowLibrary } from "../../../frame/arrow-library.ts";
import { type DecodedColumn, Misfit } from "./misfit.ts";

/** Rows that a new batch has room for; it doubles. */
export const firstCapacity = 1024;

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
