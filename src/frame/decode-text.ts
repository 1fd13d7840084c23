import type { Data } from "apache-arrow";
import { arrowLibrary } from "./arrow-library.ts";

/** Rows whose inline texts are turned into one JavaScript text at once. */
const group = 2_048;
/** Bytes of a view, and how many of them an inline text may fill: those behind its length. */
const viewBytes = 16;
const inlineBytes = 12;

/** Texts of any of Arrow's layouts. */
export function textReader(data: Data): (row: number) => unknown {
  if (data.typeId === arrowLibrary().Type.Utf8View) return viewReader(data);
  const offsets: BigInt64Array | Int32Array = data.valueOffsets;
  const bytes = bufferOf(data.values);
  return (row) => textAt(bytes, Number(offsets[row]), Number(offsets[row + 1]));
}

/**
 * Texts as views, 16 bytes each. Layout, in 32-bit words: the length; then up to 12 bytes of the text itself, or its first 4
 * bytes, the number of the buffer that holds it, and its start there.
 *
 * Inline ASCII texts are cut out of one Latin-1 text of a whole group: a call into Node for each would cost more than all else.
 * What is cut out is short enough that V8 copies it, so no text keeps its group alive.
 */
function viewReader(data: Data): (row: number) => string {
  const { variadicBuffers } = data as Data & { variadicBuffers: readonly Uint8Array[] };
  const views = bufferOf(data.values);
  const words = new Int32Array(views.buffer, views.byteOffset, data.length * 4);
  const buffers = variadicBuffers.map(bufferOf);
  let groupStart = -1;
  let text = "";
  return (row) => {
    const word = row * 4;
    const length = words[word] ?? 0;
    if (length > inlineBytes) {
      const start = words[word + 3] ?? 0;
      return textAt(buffers[words[word + 2] ?? 0] ?? views, start, start + length);
    }
    const at = row * viewBytes + 4;
    if ((((words[word + 1] ?? 0) | (words[word + 2] ?? 0) | (words[word + 3] ?? 0)) & 0x80_80_80_80) !== 0) {
      return views.toString("utf8", at, at + length);
    }
    const start = row - (row % group);
    if (start !== groupStart) {
      groupStart = start;
      text = views.toString("latin1", start * viewBytes, (start + group) * viewBytes);
    }
    const from = at - start * viewBytes;
    return text.slice(from, from + length);
  };
}

function textAt(bytes: Buffer, start: number, end: number): string {
  return start === end ? "" : bytes.toString("utf8", start, end);
}

/** A dictionary's texts, each made once. */
export function dictionaryReader(data: Data): (row: number) => unknown {
  const texts = data.dictionary?.toArray() as ArrayLike<unknown> | undefined;
  const made: unknown[] = Array.from(texts ?? []);
  const numbers: ArrayLike<number> = data.values;
  return (row) => made[Number(numbers[row])];
}

/** Copies of the bytes. */
export function binaryReader(data: Data): (row: number) => Uint8Array {
  const vector = new (arrowLibrary().Vector)([data]);
  return (row) => Uint8Array.from(vector.get(row) as Uint8Array);
}

function bufferOf({ buffer, byteOffset, byteLength }: Uint8Array): Buffer {
  return Buffer.from(buffer as ArrayBuffer, byteOffset, byteLength);
}
