import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { pipeline } from "node:stream/promises";
// Not by name: an older Node lacks zstd, and would fail before the public door can say which Node is needed.
import zlib from "node:zlib";
import { CorruptDataError } from "../../errors.ts";
import { type CsvFile, chunkBytes, corrupt } from "./csv-file.ts";

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
  const { compression } = file.format;
  const decoder =
    compression === "gzip"
      ? zlib.createGunzip({ chunkSize: chunkBytes })
      : zlib.createZstdDecompress({ chunkSize: chunkBytes });
  const flow = pipeline(createReadStream(file.path, { highWaterMark: 1 << 18 }), decoder);
  flow.catch(() => {});
  let bytes = 0;
  try {
    for await (const chunk of decoder as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      if (bytes > limit) throw tooLarge(file, limit);
      yield chunk;
    }
    await flow;
  } catch (cause) {
    const code = cause instanceof Error && "code" in cause ? String(cause.code) : "";
    if (!/^(Z_|ZSTD_|ERR_ZLIB|ERR_ZSTD)/.test(code)) throw cause;
    throw new CorruptDataError(`${file.frame} is no whole ${compression} file: ${(cause as Error).message}.`, {
      storage: "csv",
      frame: file.frame,
      cause,
      hint:
        bytes === 0
          ? "If it isn't packed at all, rename it so that it ends in .csv."
          : "It was cut short or damaged: fetch it again, or restore a backup.",
    });
  } finally {
    decoder.destroy();
  }
}

function tooLarge(file: CsvFile, most: number): CorruptDataError {
  return corrupt(
    file,
    `unpacks to more than ${most} bytes`,
    "If you trust it, unpack it yourself and read the .csv file.",
  );
}
