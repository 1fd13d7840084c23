import { isUtf8 } from "node:buffer";
import type { CsvEncoding } from "./options.ts";

/** Bytes that are no text in their encoding, found somewhere in a piece of the file: their line is looked for then. */
export class BadText extends Error {
  readonly kind: "nul" | "bytes";
  readonly encoding: CsvEncoding;
  readonly hint: string;

  /** @param what says what the line has. */
  constructor(what: string, { kind, encoding, hint }: Pick<BadText, "kind" | "encoding" | "hint">) {
    super(what);
    this.kind = kind;
    this.encoding = encoding;
    this.hint = hint;
  }
}

/** More bytes than this are no line. */
const lineBytes = 64 << 20;

/** The line, from 1, that the bad text is in. `raw` are the bytes of the file from its beginning. */
export async function lineOf({ kind, encoding }: BadText, raw: AsyncIterable<Buffer>): Promise<number> {
  const isGood =
    kind === "nul" ? (bytes: Buffer) => !hasNul(bytes, encoding) : (bytes: Buffer) => isText(bytes, encoding);
  let held = Buffer.alloc(0);
  let line = 1;
  let lineEnd: Buffer | undefined;
  for await (const chunk of raw) {
    held = Buffer.concat([held, chunk]);
    lineEnd ??= ["\n", "\r"].map((sign) => bytesOf(sign, encoding)).find((sign) => nextLine(held, 0, sign) > 0);
    if (!lineEnd) {
      if (held.length > lineBytes) break;
      continue;
    }
    const ends = lineEndsOf(held, lineEnd);
    const end = ends.at(-1) ?? 0;
    if (!isGood(held.subarray(0, end))) {
      const bad = ends.findIndex((stop, i) => !isGood(held.subarray(ends[i - 1] ?? 0, stop)));
      return line + Math.max(0, bad);
    }
    line += ends.length;
    held = Buffer.from(held.subarray(end));
    if (held.length > lineBytes) break;
  }
  return line;
}

function lineEndsOf(bytes: Buffer, lineEnd: Buffer): number[] {
  const ends: number[] = [];
  for (let at = nextLine(bytes, 0, lineEnd); at > 0; at = nextLine(bytes, at, lineEnd)) ends.push(at);
  return ends;
}

/** Where the line after the one at `from` begins; 0 when there is no line end. */
function nextLine(bytes: Buffer, from: number, lineEnd: Buffer): number {
  let at = bytes.indexOf(lineEnd, from);
  // Within two units of UTF-16 the same bytes may stand across them.
  while (at >= 0 && (at - from) % lineEnd.length !== 0) at = bytes.indexOf(lineEnd, at + 1);
  return at < 0 ? 0 : at + lineEnd.length;
}

function bytesOf(sign: string, encoding: CsvEncoding): Buffer {
  if (encoding === "utf-16le") return Buffer.from(sign, "utf16le");
  return encoding === "utf-16be" ? Buffer.from(sign, "utf16le").swap16() : Buffer.from(sign);
}

function hasNul(bytes: Buffer, encoding: CsvEncoding): boolean {
  return encoding.startsWith("utf-16") ? wideText(bytes, encoding).includes("\0") : bytes.includes(0);
}

function isText(bytes: Buffer, encoding: CsvEncoding): boolean {
  if (encoding === "utf-8") return isUtf8(bytes);
  return !encoding.startsWith("utf-16") || wideText(bytes, encoding).isWellFormed();
}

function wideText(bytes: Buffer, encoding: CsvEncoding): string {
  const whole = bytes.subarray(0, bytes.length & ~1);
  return (encoding === "utf-16be" ? Buffer.from(whole).swap16() : whole).toString("utf16le");
}
