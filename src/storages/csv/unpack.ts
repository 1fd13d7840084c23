import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { pipeline } from "node:stream/promises";
// Not by name: an older Node lacks zstd, and would fail before the public door can say which Node is needed.
import zlib from "node:zlib";
import { CorruptDataError } from "../../errors.ts";
import { type CsvFile, chunkBytes, corrupt } from "./csv-file.ts";
import { ByteReader, CutShort, frameBytes, kindOf, skipFrame } from "./zstd-frames.ts";

/** A file that grows more than this, and over 1 GB, is taken for one that is made to fill memory or disk. */
const growth = 200;
const freely = 1 << 30;

/**
 * The bytes of a gzip or zstd file, unpacked.
 *
 * @param most bytes that it may unpack to.
 * @throws CorruptDataError when it is no whole file of that kind, or unpacks to more.
 */
export async function* unpacked(file: CsvFile, most?: number): AsyncGenerator<Buffer> {
  const limit = most ?? Math.max(freely, (await stat(file.path)).size * growth);
  const packed = createReadStream(file.path, { highWaterMark: 1 << 18 });
  let bytes = 0;
  try {
    const chunks =
      file.format.compression === "gzip"
        ? through(packed, zlib.createGunzip({ chunkSize: chunkBytes }))
        : zstdFrames(file, packed);
    for await (const chunk of chunks) {
      bytes += chunk.length;
      if (bytes > limit) throw tooLarge(file, limit);
      yield chunk;
    }
  } catch (cause) {
    const code = cause instanceof Error && "code" in cause ? String(cause.code) : "";
    if (!(cause instanceof CutShort) && !/^(Z_|ZSTD_|ERR_ZLIB|ERR_ZSTD)/.test(code)) throw cause;
    throw notWhole(file, (cause as Error).message, bytes === 0 && !(cause instanceof CutShort), cause);
  } finally {
    packed.destroy();
  }
}

async function* through(packed: AsyncIterable<Buffer>, decoder: zlib.Gunzip | zlib.ZstdDecompress) {
  const flow = pipeline(packed, decoder);
  flow.catch(() => {});
  try {
    for await (const chunk of decoder as AsyncIterable<Buffer>) yield chunk;
    await flow;
  } finally {
    decoder.destroy();
  }
}

/** Frame after frame: Node's own decoder ends with the first. */
async function* zstdFrames(file: CsvFile, packed: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const input = new ByteReader(packed);
  for (;;) {
    const { offset } = input;
    const magic = await input.take(4);
    const kind = kindOf(magic);
    if (kind === "end" && offset > 0) return;
    if (kind === "skippable") await skipFrame(input);
    else if (kind === "frame")
      yield* through(frameBytes(magic, input), zlib.createZstdDecompress({ chunkSize: chunkBytes }));
    else throw notWhole(file, `no frame begins at byte ${offset}`, offset === 0);
  }
}

function notWhole({ frame, format }: CsvFile, why: string, isOther: boolean, cause?: unknown): CorruptDataError {
  return new CorruptDataError(`${frame} is no whole ${format.compression} file: ${why}.`, {
    storage: "csv",
    frame,
    cause,
    hint: isOther
      ? "If it isn't packed at all, rename it so that it ends in .csv."
      : "It was cut short or damaged: fetch it again, or restore a backup.",
  });
}

function tooLarge(file: CsvFile, most: number): CorruptDataError {
  return corrupt(
    file,
    `unpacks to more than ${most} bytes`,
    "If you trust it, unpack it yourself and read the .csv file.",
  );
}
