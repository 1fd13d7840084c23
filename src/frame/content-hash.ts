import { createHash, type Hash } from "node:crypto";
import { setImmediate as nextTurn } from "node:timers/promises";
import type { Data } from "apache-arrow";
import { toArrow } from "./arrow.ts";
import { arrowLibrary } from "./arrow-library.ts";
import { dictionaryReader } from "./decode-text.ts";
import type { LazyDataFrame } from "./polars.ts";
import { schemaOf } from "./schema.ts";
import { type ColumnType, parseType } from "./types.ts";

/** What a hash begins with. Another way to hash gets another word, so that kept ones are never compared with it. */
const method = "rows-1";
const sliceRows = 16_384;

/**
 * A hash of a frame's names, types and values in the order of its rows. Two frames have the same one when `compareFrames` finds
 * no difference: NaN is one value, -0 is not 0, and nothing depends on how Arrow lays the frame out. In slices, in constant memory.
 *
 * Layout of what is hashed for a column, each part by its own SHA-256: a byte 1 or 0 for every value (there, or null); the length
 * of every text, bytes or list that is there (32 bits, little-endian); the bytes of all values that are there. Items of lists and
 * fields of structs are columns below it.
 */
export async function contentHash(frame: LazyDataFrame, signal?: AbortSignal): Promise<string> {
  const none = await frame.head(0).collect();
  const { fields } = schemaOf(none);
  const columns = fields.map(({ type }) => new ColumnHash(parseType(type)));
  let rows = 0;
  for (;;) {
    signal?.throwIfAborted();
    const table = await toArrow(await frame.slice(rows, sliceRows).collect());
    for (const { data } of table.batches) {
      for (const [at, column] of columns.entries()) {
        column.add(data.children[at] as Data);
        if (data.length * fields.length > sliceRows) await nextTurn();
      }
    }
    rows += table.numRows;
    if (table.numRows < sliceRows) break;
  }
  const types = fields.map(({ name, type }) => [name, type]);
  const whole = JSON.stringify([rows, types, columns.map((column) => column.digest())]);
  return `${method}:${createHash("sha256").update(whole).digest("hex")}`;
}

/** Places of a column that count: those of an item or field whose parent is null do not. `null`: all. */
type Live = Uint8Array | null;

class ColumnHash {
  readonly #there = createHash("sha256");
  readonly #lengths = createHash("sha256");
  readonly #bytes = createHash("sha256");
  /** Made from the type, so that they are the same for a column that has no items. */
  readonly #children: readonly ColumnHash[];

  constructor(type: ColumnType) {
    const parts = type.kind === "struct" ? type.fields.map((field) => field.type) : "item" in type ? [type.item] : [];
    this.#children = parts.map((part) => new ColumnHash(part));
  }

  add(data: Data, live: Live = null): void {
    if (data.length === 0) return;
    const { Type } = arrowLibrary();
    const there = validity(data, live);
    this.#there.update(live === null ? there : there.filter((_, at) => live[at] === 1));
    switch (data.typeId) {
      case Type.Null:
        return;
      case Type.Bool:
        this.#bytes.update(bits(data, there));
        return;
      case Type.Dictionary:
        this.#addTexts(dictionaryTexts(data), there);
        return;
      case Type.Utf8:
      case Type.LargeUtf8:
      case Type.Binary:
      case Type.LargeBinary:
        this.#addTexts((row) => textBytes(data, row), there);
        return;
      case Type.Struct:
        for (const [at, child] of this.#children.entries()) child.add(data.children[at] as Data, there);
        return;
      case Type.FixedSizeList:
        this.#children[0]?.add(data.children[0] as Data, repeated(there, data.stride));
        return;
      case Type.List:
      case Type.LargeList:
        this.#addLists(data, there);
        return;
      default:
        addPlain(this.#bytes, data, there);
    }
  }

  digest(): unknown {
    const own = [this.#there, this.#lengths, this.#bytes].map((hash) => hash.digest("hex"));
    return [...own, ...this.#children.map((child) => child.digest())];
  }

  #addTexts(bytesOf: (row: number) => Uint8Array, there: Uint8Array): void {
    const parts: Uint8Array[] = [];
    for (let row = 0; row < there.length; row++) if (there[row] === 1) parts.push(bytesOf(row));
    this.#lengths.update(new Uint8Array(Uint32Array.from(parts, ({ length }) => length).buffer));
    this.#bytes.update(Buffer.concat(parts));
  }

  #addLists(data: Data, there: Uint8Array): void {
    const offsets: ArrayLike<number | bigint> = data.valueOffsets;
    const items = data.children[0] as Data;
    const live = new Uint8Array(items.length);
    const lengths: number[] = [];
    for (let row = 0; row < there.length; row++) {
      if (there[row] === 0) continue;
      const [start, end] = [Number(offsets[row]), Number(offsets[row + 1])];
      lengths.push(end - start);
      live.fill(1, start, end);
    }
    this.#lengths.update(new Uint8Array(Uint32Array.from(lengths).buffer));
    this.#children[0]?.add(items, live);
  }
}

/** A byte for each place: 1 where a value is there and counts. */
function validity({ nullBitmap, nullCount, offset, length, typeId }: Data, live: Live): Uint8Array {
  const there = new Uint8Array(length);
  if (typeId === arrowLibrary().Type.Null) return there;
  if (nullCount === 0 || !nullBitmap || nullBitmap.length === 0) there.fill(1);
  else {
    for (let row = 0; row < length; row++) {
      const bit = offset + row;
      there[row] = ((nullBitmap[bit >> 3] ?? 0) >> (bit & 7)) & 1;
    }
  }
  if (live) for (let row = 0; row < length; row++) there[row] = (there[row] ?? 0) & (live[row] ?? 0);
  return there;
}

function bits({ values, offset }: Data, there: Uint8Array): Uint8Array {
  const found: number[] = [];
  for (let row = 0; row < there.length; row++) {
    const bit = offset + row;
    if (there[row] === 1) found.push(((values[bit >> 3] ?? 0) >> (bit & 7)) & 1);
  }
  return Uint8Array.from(found);
}

/** Values of one width, without those that are not there. */
function addPlain(hash: Hash, data: Data, there: Uint8Array): void {
  const values = data.values as Uint8Array & { BYTES_PER_ELEMENT: number };
  const width = values.BYTES_PER_ELEMENT * data.stride;
  const bytes = new Uint8Array(values.buffer, values.byteOffset, there.length * width);
  const dense = there.includes(0) ? withoutGaps(bytes, width, there) : bytes;
  hash.update(data.typeId === arrowLibrary().Type.Float ? oneNaN(dense, width) : dense);
}

function withoutGaps(bytes: Uint8Array, width: number, there: Uint8Array): Uint8Array {
  const dense = new Uint8Array(bytes.length);
  let end = 0;
  for (let row = 0; row < there.length; row++) {
    if (there[row] === 0) continue;
    dense.set(bytes.subarray(row * width, (row + 1) * width), end);
    end += width;
  }
  return dense.subarray(0, end);
}

function oneNaN(bytes: Uint8Array, width: number): Uint8Array {
  const copy = bytes.slice();
  const numbers = width === 4 ? new Float32Array(copy.buffer) : new Float64Array(copy.buffer);
  for (let at = 0; at < numbers.length; at++) if (Number.isNaN(numbers[at])) numbers[at] = Number.NaN;
  return copy;
}

function textBytes({ values, valueOffsets }: Data, row: number): Uint8Array {
  return (values as Uint8Array).subarray(Number(valueOffsets[row]), Number(valueOffsets[row + 1]));
}

function dictionaryTexts(data: Data): (row: number) => Uint8Array {
  const read = dictionaryReader(data);
  return (row) => Buffer.from(String(read(row)));
}

function repeated(there: Uint8Array, times: number): Uint8Array {
  const all = new Uint8Array(there.length * times);
  for (let row = 0; row < there.length; row++) if (there[row] === 1) all.fill(1, row * times, (row + 1) * times);
  return all;
}
