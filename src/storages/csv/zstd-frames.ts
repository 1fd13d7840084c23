/** Bytes of a stream, taken in lengths. */
export class ByteReader {
  /** How many bytes were taken. */
  offset = 0;
  readonly #chunks: AsyncIterator<Buffer>;
  #held: Buffer = Buffer.alloc(0);

  constructor(chunks: AsyncIterable<Buffer>) {
    this.#chunks = chunks[Symbol.asyncIterator]();
  }

  /** The next bytes, or fewer where the stream ends. */
  async take(length: number): Promise<Buffer> {
    const parts = [this.#held];
    let there = this.#held.length;
    while (there < length) {
      const { done, value } = await this.#chunks.next();
      if (done) break;
      parts.push(value);
      there += value.length;
    }
    const bytes = parts.length === 1 ? this.#held : Buffer.concat(parts);
    this.#held = bytes.subarray(length);
    const taken = bytes.subarray(0, length);
    this.offset += taken.length;
    return taken;
  }
}

/** What a part of a zstd file is, by its first four bytes; "other" is no zstd. */
export function kindOf(magic: Buffer): "end" | "frame" | "skippable" | "other" {
  if (magic.length === 0) return "end";
  if (magic.length < 4) return "other";
  const number = magic.readUInt32LE();
  if (number === 0xfd2fb528) return "frame";
  return (number & 0xfffffff0) >>> 0 === 0x184d2a50 ? "skippable" : "other";
}

/** Passes over a skippable frame, behind its first four bytes. */
export async function skipFrame(input: ByteReader): Promise<void> {
  const length = await need(input, 4);
  for (let left = length.readUInt32LE(); left > 0; ) left -= (await need(input, Math.min(left, 1 << 16))).length;
}

/** The bytes of one frame (RFC 8878, 3.1.1), whose first four were taken: its blocks say how long they are, and the last that it is. */
export async function* frameBytes(magic: Buffer, input: ByteReader): AsyncGenerator<Buffer> {
  const descriptor = await need(input, 1);
  const flags = descriptor[0] as number;
  const isSingle = (flags & 0x20) !== 0;
  const sizeBytes = [isSingle ? 1 : 0, 2, 4, 8][flags >> 6] as number;
  const dictionaryBytes = [0, 1, 2, 4][flags & 3] as number;
  yield Buffer.concat([magic, descriptor, await need(input, (isSingle ? 0 : 1) + dictionaryBytes + sizeBytes)]);
  for (let last = false; !last; ) {
    const header = await need(input, 3);
    const block = header.readUIntLE(0, 3);
    last = (block & 1) === 1;
    const isRepeated = ((block >> 1) & 3) === 1;
    yield Buffer.concat([header, await need(input, isRepeated ? 1 : block >> 3)]);
  }
  if ((flags & 4) !== 0) yield await need(input, 4);
}

/** A file that ends within a frame. */
export class CutShort extends Error {}

async function need(input: ByteReader, length: number): Promise<Buffer> {
  const bytes = await input.take(length);
  if (bytes.length < length) throw new CutShort("it ends within a frame");
  return bytes;
}
