import { createReadStream, createWriteStream } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { Readable, Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import { crc32, createInflateRaw } from "node:zlib";
import { CorruptDataError } from "../../errors.ts";
import { tooLarge } from "../http/unpack.ts";

/** One file in a zip archive. */
export interface ZipEntry {
  readonly name: string;
  readonly method: number;
  readonly isEncrypted: boolean;
  readonly crc: number;
  readonly packed: number;
  readonly size: number;
  /** Where its local header begins. */
  readonly offset: number;
}

const endMark = 0x06054b50;
const end64Locator = 0x07064b50;
const entryMark = 0x02014b50;
const localMark = 0x04034b50;
const whole32 = 0xffffffff;
const mostEntries = 65_535;

/**
 * The files in a zip archive, by its central directory, zip64 included:
 *
 *     … entries …  PK\1\2 central directory  [PK\6\6 zip64 end, PK\6\7 its locator]  PK\5\6 end, comment
 *
 * @throws CorruptDataError
 */
export async function zipEntries(path: string, url: string): Promise<ZipEntry[]> {
  await using file = await open(path, "r");
  const { size } = await file.stat();
  const tailStart = Math.max(0, size - 65_557);
  const tail = await bytesAt(file, tailStart, size - tailStart, url);
  const at = lastIndexOf(tail, endMark);
  if (at < 0 || at + 22 > tail.length) throw corrupt(url, "it has no directory");
  let count = tail.readUInt16LE(at + 10);
  let length = tail.readUInt32LE(at + 12);
  let start = tail.readUInt32LE(at + 16);
  if (at >= 20 && tail.readUInt32LE(at - 20) === end64Locator) {
    const end64 = await bytesAt(file, Number(tail.readBigUInt64LE(at - 12)), 56, url);
    count = Number(end64.readBigUInt64LE(32));
    length = Number(end64.readBigUInt64LE(40));
    start = Number(end64.readBigUInt64LE(48));
  }
  if (count > mostEntries || length > 64 << 20) throw corrupt(url, "its directory is too large");
  return readDirectory(await bytesAt(file, start, length, url), count, url);
}

function readDirectory(directory: Buffer, count: number, url: string): ZipEntry[] {
  const entries: ZipEntry[] = [];
  for (let at = 0; entries.length < count; ) {
    if (at + 46 > directory.length || directory.readUInt32LE(at) !== entryMark)
      throw corrupt(url, "its directory is damaged");
    const [nameLength, extraLength, commentLength] = [28, 30, 32].map((part) => directory.readUInt16LE(at + part)) as [
      number,
      number,
      number,
    ];
    const flags = directory.readUInt16LE(at + 8);
    const nameEnd = at + 46 + nameLength;
    const extra = directory.subarray(nameEnd, nameEnd + extraLength);
    const [size, packed, offset] = wideSizes(
      extra,
      [24, 20, 42].map((part) => directory.readUInt32LE(at + part)),
    );
    entries.push({
      name: directory.toString(flags & 0x800 ? "utf8" : "latin1", at + 46, nameEnd),
      method: directory.readUInt16LE(at + 10),
      isEncrypted: (flags & 1) === 1,
      crc: directory.readUInt32LE(at + 16),
      packed: packed ?? 0,
      size: size ?? 0,
      offset: offset ?? 0,
    });
    at = nameEnd + extraLength + commentLength;
  }
  return entries.filter(({ name }) => !name.endsWith("/"));
}

/** Sizes that do not fit 32 bits stand in the extra field 1, those only, in this order. */
function wideSizes(extra: Buffer, sizes: readonly number[]): number[] {
  for (let at = 0; at + 4 <= extra.length; at += 4 + extra.readUInt16LE(at + 2)) {
    if (extra.readUInt16LE(at) !== 1) continue;
    let next = at + 4;
    return sizes.map((size) => {
      if (size !== whole32 || next + 8 > extra.length) return size;
      next += 8;
      return Number(extra.readBigUInt64LE(next - 8));
    });
  }
  return [...sizes];
}

/**
 * Writes one file of an archive to `target`, a path of the caller's own: names in archives are never paths. Its size and its CRC
 * have to be those of the directory.
 *
 * @throws CorruptDataError; PageError LIMIT_EXCEEDED beyond `limit` bytes.
 */
export async function extract(
  path: string,
  entry: ZipEntry,
  target: string,
  limit: number,
  url: string,
): Promise<void> {
  const { name, method, isEncrypted, packed, size, offset } = entry;
  if (isEncrypted) throw corrupt(url, `${JSON.stringify(name)} in it is encrypted`);
  if (method !== 0 && method !== 8)
    throw corrupt(url, `${JSON.stringify(name)} in it is packed by method ${method}, which is unknown`);
  if (size > limit) throw tooLarge(url, "unpacks to", limit, "maxUnpacked");
  await using file = await open(path, "r");
  const local = await bytesAt(file, offset, 30, url);
  if (local.readUInt32LE(0) !== localMark)
    throw corrupt(url, `${JSON.stringify(name)} is not where its directory says`);
  const start = offset + 30 + local.readUInt16LE(26) + local.readUInt16LE(28);
  let bytes = 0;
  let crc = 0;
  const check = new Transform({
    transform(part: Buffer, _, done) {
      bytes += part.length;
      crc = crc32(part, crc);
      if (bytes > Math.min(limit, size))
        done(
          bytes > limit
            ? tooLarge(url, "unpacks to", limit, "maxUnpacked")
            : corrupt(url, `${JSON.stringify(name)} is longer than it says`),
        );
      else done(null, part);
    },
  });
  const source = packed === 0 ? Readable.from([]) : createReadStream(path, { start, end: start + packed - 1 });
  const steps = method === 8 && packed > 0 ? [createInflateRaw(), check] : [check];
  try {
    await pipeline([source, ...steps, createWriteStream(target, { flags: "wx", mode: 0o600 })]);
  } catch (cause) {
    if (cause instanceof Error && "code" in cause && String(cause.code).startsWith("Z_"))
      throw corrupt(url, `${JSON.stringify(name)} is damaged`);
    throw cause;
  }
  if (bytes !== size || crc !== entry.crc) throw corrupt(url, `${JSON.stringify(name)} is damaged`);
}

async function bytesAt(file: FileHandle, position: number, length: number, url: string): Promise<Buffer> {
  const buffer = Buffer.alloc(length);
  const { bytesRead } = await file.read(buffer, 0, length, position);
  if (bytesRead !== length) throw corrupt(url, "it is cut short");
  return buffer;
}

function lastIndexOf(buffer: Buffer, mark: number): number {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(mark);
  return buffer.lastIndexOf(bytes);
}

function corrupt(url: string, why: string): CorruptDataError {
  return new CorruptDataError(`${url} is no whole zip archive: ${why}.`, { hint: "Fetch it again." });
}
