import type { Data } from "apache-arrow";
import { halvesOf } from "./format.ts";
import { type FieldRows, isNull, type Refuse, type ValueWriter } from "./value-writer.ts";

/** PostgreSQL's limit for one value is 1 GB, with what it adds to it. */
const maxValueBytes = 0x3fffffff - 64;

/** Texts, JSON and bytes, as they are. */
export class BytesWriter implements ValueWriter {
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
