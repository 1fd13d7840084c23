import { type FileHandle, open } from "node:fs/promises";
import type { Config } from "../../config/settings.ts";
import { type ExchangeFile, exchangeFile } from "../../frame/exchange.ts";
import { chunkBytes } from "./csv-file.ts";
import type { Table } from "./table.ts";
import type { Rows } from "./walk.ts";

/** What is handed to polars at once. */
const pieceBytes = 16 * chunkBytes;
/** The part of a memory budget that a piece may be: two are in the work, each as text and as a frame. */
const partOfMemory = 192;

export function pieceBytesFor({ BUDGET_MEMORY: memory = Number.POSITIVE_INFINITY }: Config): number {
  return Math.max(chunkBytes, Math.min(pieceBytes, Math.floor(memory / partOfMemory)));
}

/** The name of the i-th column while it is read or written; names of users would be taken for patterns. */
export function columnId(i: number): string {
  return `c${i}`;
}

/** Rows on their way to polars: a CSV file of its own, with a header of column ids. */
export class Piece implements AsyncDisposable {
  rows = 0;
  bytes = 0;
  readonly #file: ExchangeFile;
  readonly #handle: FileHandle;
  /** Bytes that are being written, and those that are written next. */
  #blocks: [Buffer, Buffer] = [Buffer.alloc(0), Buffer.alloc(0)];
  #writing: Promise<unknown> = Promise.resolve();

  private constructor(file: ExchangeFile, handle: FileHandle) {
    this.#file = file;
    this.#handle = handle;
  }

  static async open(columns: number, { signs }: Table, config: Config): Promise<Piece> {
    const file = await exchangeFile(config, pieceBytes + chunkBytes);
    const handle = await open(file.path, "w");
    const ids = Array.from({ length: columns }, (_, i) => columnId(i));
    await handle.appendFile(`${ids.join(String.fromCharCode(signs.separator))}\n`);
    return new Piece(file, handle);
  }

  /** The rows' bytes are copied: they are written while the next are cut. */
  async add({ parts, count }: Rows): Promise<void> {
    this.rows += count;
    const length = parts.reduce((sum, part) => sum + part.length, 0);
    if (length === 0) return;
    this.bytes += length;
    const [other, free] = this.#blocks;
    const block = free.length < length ? Buffer.allocUnsafeSlow(Math.max(length, chunkBytes + chunkBytes / 8)) : free;
    let at = 0;
    for (const part of parts) at += part.copy(block, at);
    this.#blocks = [block, other];
    await this.#writing;
    this.#writing = this.#handle.appendFile(block.subarray(0, length));
    this.#writing.catch(() => {});
  }

  /** The path of the whole piece. */
  async close(): Promise<string> {
    await this.#writing;
    await this.#handle.close();
    return this.#file.path;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#writing.catch(() => {});
    await this.#handle.close();
    await this.#file[Symbol.asyncDispose]();
  }
}
