import { arrowLibrary } from "./arrow-library.ts";
import { type Column, misfit } from "./column.ts";
import { encodeColumn } from "./encode.ts";
import { setHalves } from "./encode-numbers.ts";
import { Nulls } from "./nulls.ts";
import { bytesOf, toText } from "./values.ts";

/** Up to this length a text is written sign by sign, which is faster than a call into Node. */
const short = 48;

/** Texts one behind the other in UTF-8, and where each ends. */
export function encodeTexts(column: Column): object {
  const { values } = column;
  const valueOffsets = new BigInt64Array(values.length + 1);
  const halves = new Int32Array(valueOffsets.buffer);
  const nulls = new Nulls(values.length);
  let bytes = Buffer.allocUnsafeSlow(values.length * 16 + 64);
  let size = 0;
  for (let row = 0; row < values.length; row++) {
    const value = values[row];
    if (value === null || value === undefined) nulls.mark(row);
    else if (typeof value !== "string") throw misfit(column, row, value);
    else {
      // Three bytes at most for each of JavaScript's 16-bit units.
      if (size + value.length * 3 > bytes.length) bytes = grown(bytes, size + value.length * 3);
      const ascii = value.length <= short && writeAscii(bytes, size, value);
      size += ascii ? value.length : bytes.write(toText(column, row, value), size);
    }
    setHalves(halves, row + 1, size);
  }
  return { valueOffsets, data: bytes.subarray(0, size), ...nulls.buffers };
}

function writeAscii(bytes: Uint8Array, start: number, text: string): boolean {
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code > 127) return false;
    bytes[start + at] = code;
  }
  return true;
}

function grown(bytes: Uint8Array, least: number): Buffer<ArrayBuffer> {
  const larger = Buffer.allocUnsafeSlow(Math.max(least, bytes.length * 2));
  larger.set(bytes);
  return larger;
}

export function encodeBinary(column: Column): object {
  const { values } = column;
  const valueOffsets = new BigInt64Array(values.length + 1);
  const nulls = new Nulls(values.length);
  const parts: Uint8Array[] = [];
  let size = 0;
  for (let row = 0; row < values.length; row++) {
    const value = values[row];
    if (value === null || value === undefined) nulls.mark(row);
    else {
      const bytes = bytesOf(column, row, value);
      parts.push(bytes);
      size += bytes.length;
    }
    valueOffsets[row + 1] = BigInt(size);
  }
  return { valueOffsets, data: Buffer.concat(parts, size), ...nulls.buffers };
}

/** A dictionary of the texts, and each row's number in it. */
export function encodeCategories(column: Column, declared: readonly string[] | null): object {
  const { name, values } = column;
  const numbers = new Map<unknown, number>((declared ?? []).map((category, number) => [category, number]));
  const indices = new Uint32Array(values.length);
  const nulls = new Nulls(values.length);
  for (let row = 0; row < values.length; row++) {
    const value = values[row];
    if (value === null || value === undefined) {
      nulls.mark(row);
      continue;
    }
    let number = numbers.get(value);
    if (number === undefined) {
      const text = toText(column, row, value);
      if (declared) throw misfit(column, row, value, "it is none of the categories");
      number = numbers.size;
      numbers.set(text, number);
    }
    indices[row] = number;
  }
  const texts = encodeColumn({ name, type: { kind: "string" }, values: [...numbers.keys()] });
  const dictionary = new (arrowLibrary().Vector)([texts]);
  return { data: indices, dictionary, ...nulls.buffers };
}
