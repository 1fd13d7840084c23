import { createHash, type Hash, randomUUID } from "node:crypto";
import { createReadStream } from "node:fs";
import { type FileHandle, mkdir, open, rename, rm, stat } from "node:fs/promises";
import { dirname } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGzip } from "node:zlib";
import { fileError } from "../../system/files.ts";

/** What stands in one record besides what the format adds. */
export interface WarcRecord {
  readonly type: "warcinfo" | "request" | "response";
  readonly date: Date;
  readonly url?: string;
  readonly contentType: string;
  /** Bytes before the body: those of the HTTP head. */
  readonly head: Buffer;
  /** The body, or the file that it lies in. */
  readonly body: Buffer | string;
  /** The record that this one belongs to. */
  readonly concurrentTo?: string;
}

/**
 * Writes a WARC 1.1 file (ISO 28500), each record a gzip member of its own, as readers of `.warc.gz` expect:
 *
 *     WARC/1.1 CRLF
 *     name: value CRLF …
 *     CRLF
 *     block of Content-Length bytes
 *     CRLF CRLF
 *
 * It stands under its name once it is closed.
 */
export class WarcWriter {
  readonly path: string;
  readonly #staging: string;
  #file: FileHandle | undefined;
  #last: Promise<unknown> = Promise.resolve();

  constructor(path: string) {
    this.path = path;
    this.#staging = `${path}.${process.pid}.staging`;
  }

  /** Adds records one behind the other, nothing in between. Resolves with the id of the last one. */
  add(...records: WarcRecord[]): Promise<string> {
    const added = this.#last.then(async () => {
      let id = "";
      for (const record of records)
        id = await this.#write(id && !record.concurrentTo ? { ...record, concurrentTo: id } : record);
      return id;
    });
    this.#last = added.catch(() => undefined);
    return added;
  }

  /** Puts the file in place. */
  async close(): Promise<void> {
    await this.#last;
    const file = await this.#open();
    try {
      await file.sync();
      await file.close();
      await rename(this.#staging, this.path);
    } catch (cause) {
      await rm(this.#staging, { force: true });
      throw fileError(cause, { doing: `write ${this.path}` });
    }
  }

  async #open(): Promise<FileHandle> {
    if (!this.#file) {
      await mkdir(dirname(this.path), { recursive: true });
      this.#file = await open(this.#staging, "w", 0o600);
    }
    return this.#file;
  }

  async #write({ type, date, url, contentType, head, body, concurrentTo }: WarcRecord): Promise<string> {
    const file = await this.#open();
    const id = `<urn:uuid:${randomUUID()}>`;
    const length = head.length + (typeof body === "string" ? (await stat(body)).size : body.length);
    const payload = await digest(createHash("sha1"), body);
    const block = await digest(createHash("sha1").update(head), body);
    const lines = [
      "WARC/1.1",
      `WARC-Type: ${type}`,
      `WARC-Record-ID: ${id}`,
      `WARC-Date: ${date.toISOString()}`,
      ...(url === undefined ? [] : [`WARC-Target-URI: ${url}`]),
      ...(concurrentTo === undefined || type === "warcinfo" ? [] : [`WARC-Concurrent-To: ${concurrentTo}`]),
      ...(type === "response" ? [`WARC-Payload-Digest: ${payload}`] : []),
      `WARC-Block-Digest: ${block}`,
      `Content-Type: ${contentType}`,
      `Content-Length: ${length}`,
    ];
    const member = async function* () {
      yield Buffer.from(`${lines.join("\r\n")}\r\n\r\n`);
      yield head;
      if (typeof body === "string") yield* createReadStream(body);
      else yield body;
      yield Buffer.from("\r\n\r\n");
    };
    await pipeline(Readable.from(member()), createGzip(), async (packed) => {
      for await (const part of packed) await file.write(part);
    });
    return id;
  }
}

/** `sha1:` and base 32, as the format's readers expect it. */
async function digest(hash: Hash, body: Buffer | string): Promise<string> {
  if (typeof body === "string") for await (const part of createReadStream(body)) hash.update(part);
  else hash.update(body);
  return `sha1:${base32(hash.digest())}`;
}

function base32(bytes: Buffer): string {
  const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
  let bits = "";
  for (const byte of bytes) bits += byte.toString(2).padStart(8, "0");
  return (bits.match(/.{1,5}/g) ?? []).map((group) => letters[Number.parseInt(group.padEnd(5, "0"), 2)]).join("");
}
