import { createReadStream } from "node:fs";
import { open } from "node:fs/promises";
import { createGunzip } from "node:zlib";
import { CorruptDataError } from "../../errors.ts";
import { errnoOf, fileError } from "../../system/files.ts";

/** One record: its headers by small names, and its block. */
export interface ReadRecord {
  readonly headers: ReadonlyMap<string, string>;
  readonly block: Buffer;
}

const end = Buffer.from("\r\n\r\n");

/** The records of a WARC file, packed or not, in order. @throws CorruptDataError when it is none, or cut short. */
export async function* readWarc(path: string): AsyncGenerator<ReadRecord> {
  const bytes = new Bytes(path);
  try {
    for (;;) {
      const head = await bytes.until(end);
      if (head === null) return;
      const [version = "", ...lines] = head.toString("utf8").trimStart().split("\r\n");
      if (!version.startsWith("WARC/"))
        throw corrupt(path, `a record begins with ${JSON.stringify(version.slice(0, 40))}`);
      const headers = headersOf(lines);
      const block = await bytes.take(Number(headers.get("content-length") ?? Number.NaN));
      await bytes.take(end.length);
      yield { headers, block };
    }
  } catch (cause) {
    if (cause instanceof CorruptDataError) throw cause;
    if (errnoOf(cause) !== undefined) throw fileError(cause, { doing: `read ${path}` });
    throw corrupt(path, cause instanceof Error ? cause.message : String(cause));
  }
}

/** `name: value` lines by small names; the last of a doubled one counts, but for set-cookie, which keeps lines apart. */
export function headersOf(lines: readonly string[]): Map<string, string> {
  const headers = new Map<string, string>();
  for (const line of lines) {
    const colon = line.indexOf(":");
    if (colon > 0) headers.set(line.slice(0, colon).trim().toLowerCase(), line.slice(colon + 1).trim());
  }
  return headers;
}

/** A file's unpacked bytes, asked for by pieces. */
class Bytes {
  readonly #path: string;
  readonly #parts: AsyncIterator<Buffer>;
  #held: Buffer = Buffer.alloc(0);

  constructor(path: string) {
    this.#path = path;
    this.#parts = unpacked(path);
  }

  async until(mark: Buffer): Promise<Buffer | null> {
    for (;;) {
      const at = this.#held.indexOf(mark);
      if (at >= 0) {
        const head = this.#held.subarray(0, at);
        this.#held = this.#held.subarray(at + mark.length);
        return head;
      }
      if (await this.#more()) continue;
      if (this.#held.every((byte) => byte === 10 || byte === 13)) return null;
      throw corrupt(this.#path, "it is cut short");
    }
  }

  async take(length: number): Promise<Buffer> {
    if (!Number.isSafeInteger(length) || length < 0) throw corrupt(this.#path, "a record does not say how long it is");
    const parts = [this.#held];
    let bytes = this.#held.length;
    while (bytes < length) {
      this.#held = Buffer.alloc(0);
      if (!(await this.#more())) throw corrupt(this.#path, "it is cut short");
      parts.push(this.#held);
      bytes += this.#held.length;
    }
    const all = parts.length === 1 ? this.#held : Buffer.concat(parts);
    this.#held = all.subarray(length);
    return all.subarray(0, length);
  }

  async #more(): Promise<boolean> {
    const { value, done } = await this.#parts.next();
    if (done) return false;
    this.#held = this.#held.length === 0 ? value : Buffer.concat([this.#held, value]);
    return true;
  }
}

async function* unpacked(path: string): AsyncGenerator<Buffer> {
  const isPacked = await beginsWithGzip(path);
  const file = createReadStream(path);
  if (!isPacked) return yield* file;
  const gunzip = createGunzip();
  file.on("error", (error) => gunzip.destroy(error));
  yield* file.pipe(gunzip);
}

async function beginsWithGzip(path: string): Promise<boolean> {
  await using file = await open(path, "r");
  const { buffer } = await file.read(Buffer.alloc(2), 0, 2, 0);
  return buffer.readUInt16BE(0) === 0x1f8b;
}

function corrupt(path: string, why: string): CorruptDataError {
  return new CorruptDataError(`${path} is no whole WARC file: ${why}.`, { hint: "Record it again." });
}
