import { createReadStream, createWriteStream } from "node:fs";
import { readdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
// Not by name: an older Node lacks zstd, and would fail before the public door can say which Node is needed.
import zlib from "node:zlib";
import type { BackupFile } from "../contracts/restorable-backup.ts";
import { CorruptDataError } from "../errors.ts";
import { fileError } from "../system/files.ts";

const ending = ".zst";
/** Files that are packed already are stored as they are. */
const packedAlready = /\.(zst|gz)$/;

/** A file that grows more than this, and over 1 GB, is taken for one that is made to fill a disk. None is packed so far. */
const growth = 1_000;
const freely = 1 << 30;

/** Packs the files of a folder, in constant memory, and resolves with the size that each had, by its new name. */
export async function packFolder(folder: string, signal?: AbortSignal): Promise<ReadonlyMap<string, number>> {
  const sizes = new Map<string, number>();
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile() || packedAlready.test(entry.name)) continue;
    const path = join(entry.parentPath, entry.name);
    const { size } = await stat(path);
    const target = createWriteStream(`${path}${ending}`, { flags: "wx", mode: 0o600 });
    const flow = pipeline(createReadStream(path, { highWaterMark: 1 << 20 }), packer(size), target, { signal });
    await flow.catch((cause: unknown) => {
      throw fileError(cause, { doing: `write ${path}${ending}` });
    });
    const tooSmall = size > limitOf((await stat(`${path}${ending}`)).size);
    await rm(tooSmall ? `${path}${ending}` : path);
    if (!tooSmall) sizes.set(`${path}${ending}`.slice(join(folder, "/").length), size);
  }
  return sizes;
}

/** Unpacks one file of a backup to `target`. @throws CorruptDataError BACKUP_CORRUPT when it is not what the manifest says. */
export async function unpackFile(
  path: string,
  target: string,
  { name, bytes, unpacked = 0 }: BackupFile,
): Promise<void> {
  if (unpacked > limitOf(bytes)) throw damaged(path, `${bytes} bytes would unpack to ${unpacked}`);
  let found = 0;
  const counted = async function* (chunks: AsyncIterable<Buffer>) {
    for await (const chunk of chunks) {
      found += chunk.length;
      if (found > unpacked) throw damaged(path, `${name} unpacks to more than the ${unpacked} bytes that were packed`);
      yield chunk;
    }
  };
  const write = createWriteStream(target, { flags: "wx", mode: 0o600 });
  await pipeline(createReadStream(path), zlib.createZstdDecompress({ chunkSize: 1 << 20 }), counted, write).catch(
    (cause: unknown) => {
      const code = cause instanceof Error && "code" in cause ? String(cause.code) : "";
      if (/^(Z_|ZSTD_|ERR_ZLIB|ERR_ZSTD)/.test(code)) throw damaged(path, `${name} can't be unpacked`, cause);
      throw fileError(cause, { doing: `unpack ${path}` });
    },
  );
  if (found < unpacked) throw damaged(path, `${name} unpacks to ${found} bytes, not ${unpacked}`);
}

/** The name that a packed file had. */
export function unpackedName(name: string): string {
  return name.slice(0, -ending.length);
}

function packer(size: number) {
  const { ZSTD_c_compressionLevel, ZSTD_c_checksumFlag } = zlib.constants;
  const params = { [ZSTD_c_compressionLevel]: 3, [ZSTD_c_checksumFlag]: 1 };
  return zlib.createZstdCompress({ params, pledgedSrcSize: size, chunkSize: 1 << 18 });
}

function limitOf(bytes: number): number {
  return Math.max(freely, bytes * growth);
}

function damaged(path: string, why: string, cause?: unknown): CorruptDataError {
  return new CorruptDataError(`${path} is damaged: ${why}.`, {
    code: "BACKUP_CORRUPT",
    hint: "Use another backup; `listBackups` names those that are whole.",
    ...(cause !== undefined && { cause }),
  });
}
