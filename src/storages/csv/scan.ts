import { isUtf8 } from "node:buffer";
import { createReadStream } from "node:fs";
import { setImmediate as nextTurn } from "node:timers/promises";
import { CorruptDataError } from "../../errors.ts";
import { type Fault, RecordScanner } from "./records.ts";

/** What a walk over all bytes of a file found. */
export interface Structure {
  /** The header's fields, unescaped. */
  header: string[];
  /** Records after the header, blank lines not counted (but see `blankRecords`). */
  records: number;
  /** Which records, as polars counts them from 0 after the header, are blank lines of a file with several columns. */
  blankRecords: number[];
  /** First fault in the shape of the rows for this separator. */
  fault?: Fault;
}

/** What a scan is told. */
export interface ScanOptions {
  separator: string;
  /** Name of the frame, for errors. */
  frame: string;
  signal?: AbortSignal | undefined;
}

const sliceBytes = 1 << 20;

/**
 * Walks over all bytes of a file in slices, with a pause between them, and tells its shape. Ragged rows come back
 * as `fault`, since another separator may fit; bytes that are no CSV at all are thrown.
 *
 * @throws CorruptDataError for an empty file, NUL bytes, UTF-16, text that is not UTF-8, lone carriage returns.
 */
export async function scanStructure(path: string, { separator, frame, signal }: ScanOptions): Promise<Structure> {
  const scanner = new RecordScanner(separator.charCodeAt(0));
  const text = new TextCheck(frame);
  const stream = createReadStream(path, { highWaterMark: sliceBytes, ...(signal && { signal }) });
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    scanner.feed(text.check(chunk));
    if (scanner.fault) break;
    await nextTurn();
  }
  if (!scanner.fault) {
    text.end();
    scanner.end();
  }
  if (scanner.header.length === 0 && !scanner.fault) {
    throw new CorruptDataError(`${frame} is empty: a CSV file has at least a line with the names of its columns.`, {
      storage: "csv",
      frame,
      hint: "Save the frame again, restore a backup, or remove the file.",
    });
  }
  const { header, records, blankRecords, fault } = scanner;
  return { header, records, blankRecords, ...(fault && { fault }) };
}

/** Finds bytes that no CSV in UTF-8 has, and drops the byte order mark that one may begin with. */
class TextCheck {
  readonly #frame: string;
  #offset = 0;
  /** Bytes of a character that the last slice cut. */
  #rest: Buffer = Buffer.alloc(0);

  constructor(frame: string) {
    this.#frame = frame;
  }

  check(chunk: Buffer): Buffer {
    const first = this.#offset === 0;
    if (first) this.#checkMark(chunk);
    const nul = chunk.indexOf(0);
    if (nul >= 0) this.#refuse(`has a NUL byte at offset ${this.#offset + nul}; it is no CSV, or not in UTF-8`);
    const whole = this.#rest.length ? Buffer.concat([this.#rest, chunk]) : chunk;
    const cut = whole.length - cutTail(whole);
    if (!isUtf8(whole.subarray(0, cut))) this.#refuse(`is not UTF-8 (near offset ${this.#offset})`);
    this.#rest = Buffer.from(whole.subarray(cut));
    this.#offset += chunk.length;
    const marked = first && chunk[0] === 0xef && chunk[1] === 0xbb && chunk[2] === 0xbf;
    return marked ? chunk.subarray(3) : chunk;
  }

  end(): void {
    if (this.#rest.length) this.#refuse("is not UTF-8: it ends within a character");
  }

  #checkMark(chunk: Buffer): void {
    const [a, b] = chunk;
    if ((a === 0xff && b === 0xfe) || (a === 0xfe && b === 0xff)) this.#refuse("is in UTF-16");
    // UTF-16 without a mark: every other byte of its ASCII is NUL.
    if (chunk.length >= 2 && (a === 0) !== (b === 0)) this.#refuse("is in UTF-16, or no text at all");
  }

  #refuse(what: string): never {
    throw new CorruptDataError(`${this.#frame} ${what}.`, {
      storage: "csv",
      frame: this.#frame,
      hint: "Save it as CSV in UTF-8: `iconv -t utf-8 -f utf-16 old.csv > new.csv`, with the encoding it has.",
    });
  }
}

/** How many bytes at the end belong to a UTF-8 character that is not whole: 0 to 3. */
function cutTail(bytes: Buffer): number {
  for (let back = 1; back <= Math.min(3, bytes.length); back += 1) {
    const byte = bytes[bytes.length - back] as number;
    if ((byte & 0xc0) === 0x80) continue;
    const length = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc0 ? 2 : 1;
    return length > back ? back : 0;
  }
  return 0;
}
