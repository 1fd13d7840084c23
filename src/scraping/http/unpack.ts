import type { Transform } from "node:stream";
import { promisify } from "node:util";
import zlib from "node:zlib";
import { PageError } from "../page-error.ts";

type Coding = "gzip" | "br" | "deflate" | "zstd";

/** What the client says that it unpacks. */
export const acceptedCodings = "gzip, deflate, br, zstd";

const whole: Record<Coding, (packed: Buffer, options: { maxOutputLength: number }) => Promise<Buffer>> = {
  gzip: promisify(zlib.gunzip),
  br: promisify(zlib.brotliDecompress),
  deflate: (packed, options) =>
    isZlib(packed) ? promisify(zlib.inflate)(packed, options) : promisify(zlib.inflateRaw)(packed, options),
  zstd: promisify(zlib.zstdDecompress),
};

/** The codings of a body, in the order in which they were put on. @throws PageError for an unknown one. */
export function codingsOf(header: string | undefined, url: string): Coding[] {
  const names = (header ?? "")
    .toLowerCase()
    .split(",")
    .map((name) => name.trim().replace(/^x-/, ""))
    .filter((name) => name !== "" && name !== "identity");
  const unknown = names.find((name) => !Object.hasOwn(whole, name));
  if (unknown !== undefined) throw new PageError(url, { reason: `came packed as ${unknown}, which is unknown` });
  if (names.length > 2) throw new PageError(url, { reason: `came packed ${names.length} times` });
  return names as Coding[];
}

/** Unpacks a body that is in memory. It ends as soon as it gives more than `limit` bytes. */
export async function unpack(packed: Buffer, codings: readonly Coding[], limit: number, url: string): Promise<Buffer> {
  let body = packed;
  for (const coding of codings.toReversed()) {
    if (body.length === 0) return body;
    try {
      body = await whole[coding](body, { maxOutputLength: limit });
    } catch (cause) {
      throw unpackError(cause, coding, limit, url);
    }
  }
  return body;
}

/** Streams that unpack a body on its way to a file. */
export function unpackers(codings: readonly Coding[]): Transform[] {
  const make: Record<Coding, () => Transform> = {
    gzip: zlib.createGunzip,
    br: zlib.createBrotliDecompress,
    deflate: zlib.createInflate,
    zstd: zlib.createZstdDecompress,
  };
  return codings.toReversed().map((coding) => make[coding]());
}

/** Servers send `deflate` with zlib's two bytes, as they should, or without. */
function isZlib(packed: Buffer): boolean {
  return ((packed[0] ?? 0) & 15) === 8 && packed.length > 1 && packed.readUInt16BE(0) % 31 === 0;
}

function unpackError(cause: unknown, coding: Coding, limit: number, url: string): PageError {
  const code = cause instanceof Error && "code" in cause ? String(cause.code) : "";
  if (code === "ERR_BUFFER_TOO_LARGE") return tooLarge(url, "unpacks to", limit, "maxUnpacked");
  return new PageError(url, { reason: `came with a body that is no whole ${coding}`, cause });
}

export function tooLarge(url: string, what: string, limit: number, option: string): PageError {
  const size = limit >= 1 << 20 ? `${Math.round(limit / (1 << 20))} MB` : `${limit} bytes`;
  return new PageError(url, {
    code: "LIMIT_EXCEEDED",
    reason: `${what} more than ${size}`,
    hint: `Raise \`${option}\` in the source, if the answer is what you want.`,
  });
}
