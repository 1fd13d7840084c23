import { createReadStream, createWriteStream } from "node:fs";
import { Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
// Not by name: an older Node lacks zstd, and would fail before the public door can say which Node is needed.
import zlib from "node:zlib";
import { CorruptDataError } from "../../errors.ts";
import type { CsvFormat } from "./names.ts";

/** A packed file, and whose it is. */
export interface PackedFile {
  path: string;
  /** Name of the frame, for errors. */
  frame: string;
  format: CsvFormat;
  signal?: AbortSignal | undefined;
}

/**
 * Unpacks a gzip or zstd file into `target`, at most `most` bytes.
 *
 * @throws CorruptDataError when it is no whole file of that kind, or unpacks to more.
 */
export async function unpack({ path, frame, format, signal }: PackedFile, target: string, most: number): Promise<void> {
  let bytes = 0;
  const limit = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      bytes += chunk.length;
      done(bytes > most ? tooLarge(frame, most) : null, chunk);
    },
  });
  const decoder = format.compression === "gzip" ? zlib.createGunzip() : zlib.createZstdDecompress();
  try {
    await pipeline(createReadStream(path), decoder, limit, createWriteStream(target), { ...(signal && { signal }) });
  } catch (cause) {
    const code = cause instanceof Error && "code" in cause ? String(cause.code) : "";
    if (!/^(Z_|ZSTD_|ERR_ZLIB|ERR_ZSTD)/.test(code)) throw cause;
    throw new CorruptDataError(`${frame} is no whole ${format.compression} file: ${(cause as Error).message}.`, {
      storage: "csv",
      frame,
      cause,
    });
  }
}

function tooLarge(frame: string, most: number): CorruptDataError {
  return new CorruptDataError(`${frame} unpacks to more than ${most} bytes.`, {
    storage: "csv",
    frame,
    hint: "If you trust it, unpack it yourself and read the .csv file.",
  });
}
