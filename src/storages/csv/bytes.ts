import { open } from "node:fs/promises";
import { type CsvFile, chunkBytes } from "./csv-file.ts";
import { type Decoder, decoderFor } from "./encoding.ts";
import { unpacked } from "./unpack.ts";

/**
 * The text of a file in UTF-8, in pieces of about 1 MB that may end within a character: unpacked, decoded and without a byte order mark.
 * A piece may be overwritten once the next is asked for.
 *
 * @throws CorruptDataError for what is no text in that encoding, or no whole packed file.
 */
export async function* textOf(file: CsvFile): AsyncGenerator<Buffer> {
  let decoder: Decoder | undefined;
  const raw = file.format.compression === "uncompressed" ? chunksOf(file.path) : unpacked(file);
  for await (const chunk of raw) {
    file.signal?.throwIfAborted();
    decoder ??= decoderFor(chunk, file);
    const text = decoder.decode(chunk);
    if (text.length > 0) yield text;
  }
  const rest = decoder?.end();
  if (rest?.length) yield rest;
}

async function* chunksOf(path: string): AsyncGenerator<Buffer> {
  await using handle = await open(path, "r");
  const { size } = await handle.stat();
  const buffer = Buffer.allocUnsafeSlow(Math.min(size + 1, chunkBytes));
  for (let at = 0; ; ) {
    const { bytesRead } = await handle.read(buffer, 0, buffer.length, at);
    if (bytesRead === 0) return;
    at += bytesRead;
    yield buffer.subarray(0, bytesRead);
  }
}
