import { type FileHandle, open } from "node:fs/promises";
import type { Config } from "../../config/settings.ts";
import { type ExchangeFile, exchangeFile } from "../../frame/exchange.ts";
import { chunkBytes } from "./csv-file.ts";
import type { Table } from "./table.ts";
import type { Rows } from "./walk.ts";

/** What is handed to polars at once. */
export const pieceBytes = 16 * chunkBytes;

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

  async add({ parts, count }: Rows): Promise<void> {
    this.rows += count;
    if (parts.length === 0) return;
    const bytes = parts.length === 1 ? (parts[0] as Buffer) : Buffer.concat(parts);
    this.bytes += bytes.length;
    await this.#handle.appendFile(bytes);
  }

  /** The path of the whole piece. */
  async close(): Promise<string> {
    await this.#handle.close();
    return this.#file.path;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#handle.close();
    await this.#file[Symbol.asyncDispose]();
  }
}
