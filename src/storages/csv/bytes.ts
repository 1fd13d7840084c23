import { open } from "node:fs/promises";
import { BadText, lineOf } from "./bad-text.ts";
import { type CsvFile, chunkBytes, corrupt } from "./csv-file.ts";
import { type Decoder, decoderFor } from "./encoding.ts";
import { unpacked } from "./unpack.ts";

/**
 * The text of a file in UTF-8, in pieces of about 1 MB that may end within a character: unpacked, decoded and without a byte order mark.
 * A piece may be overwritten once the next is asked for.
 *
 * @throws CorruptDataError for what is no text in that encoding, with its line, or no whole packed file.
 */
export async function* textOf(file: CsvFile): AsyncGenerator<Buffer> {
  let decoder: Decoder | undefined;
  try {
    for await (const chunk of rawBytes(file)) {
      file.signal?.throwIfAborted();
      decoder ??= decoderFor(chunk, file);
      const text = decoder.decode(chunk);
      if (text.length > 0) yield text;
    }
    const rest = decoder?.end();
    if (rest?.length) yield rest;
  } catch (cause) {
    if (!(cause instanceof BadText)) throw cause;
    const line = await lineOf(cause, rawBytes(file));
    throw corrupt(file, `is no text that can be read: line ${line} has ${cause.message}`, cause.hint);
  }
}

function rawBytes(file: CsvFile): AsyncGenerator<Buffer> {
  return file.format.compression === "uncompressed" ? chunksOf(file.path) : unpacked(file);
}

/** While one chunk is in use, the next is read. */
async function* chunksOf(path: string): AsyncGenerator<Buffer> {
  await using handle = await open(path, "r");
  const { size } = await handle.stat();
  let [buffer, other] = [0, 0].map(() => Buffer.allocUnsafeSlow(Math.min(size + 1, chunkBytes))) as [Buffer, Buffer];
  let at = 0;
  let reading = handle.read(buffer, 0, buffer.length, at);
  try {
    for (;;) {
      const { bytesRead } = await reading;
      if (bytesRead === 0) return;
      at += bytesRead;
      reading = handle.read(other, 0, other.length, at);
      reading.catch(() => {});
      yield buffer.subarray(0, bytesRead);
      [buffer, other] = [other, buffer];
    }
  } finally {
    await reading.catch(() => {});
  }
}
