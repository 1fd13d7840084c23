import { isUtf8 } from "node:buffer";
import { BadText } from "./bad-text.ts";
import { type CsvFile, corrupt } from "./csv-file.ts";
import type { CsvEncoding } from "./options.ts";

/** Turns the bytes of a file into UTF-8, piece by piece. */
export interface Decoder {
  /** @throws BadText */
  decode(chunk: Buffer): Buffer;
  /** What was still held back. */
  end(): Buffer;
}

const marks: [CsvEncoding, Buffer][] = [
  ["utf-8", Buffer.from([0xef, 0xbb, 0xbf])],
  ["utf-16le", Buffer.from([0xff, 0xfe])],
  ["utf-16be", Buffer.from([0xfe, 0xff])],
];

/** The decoder for a file that begins with `first`. @throws CorruptDataError when its mark says other than what was given. */
export function decoderFor(first: Buffer, file: CsvFile): Decoder {
  const mark = marks.find(([, bytes]) => first.subarray(0, bytes.length).equals(bytes));
  const { encoding: given } = file;
  if (mark && given && mark[0] !== given) {
    throw corrupt(file, `begins with the mark of ${mark[0]}, not ${given}`, "Leave the option `encoding` out.");
  }
  const encoding = mark?.[0] ?? given ?? "utf-8";
  if (encoding === "utf-8") return new Utf8Check(file, mark?.[1].length ?? 0);
  return new Recoder(encoding);
}

/** Lets UTF-8 pass, and finds bytes that no CSV in it has. */
class Utf8Check implements Decoder {
  readonly #file: CsvFile;
  #mark: number;
  #offset = 0;
  /** Bytes of a character that the last piece cut. */
  #rest: Buffer = Buffer.alloc(0);

  constructor(file: CsvFile, mark: number) {
    this.#file = file;
    this.#mark = mark;
  }

  decode(chunk: Buffer): Buffer {
    const nul = chunk.indexOf(0);
    if (nul >= 0) this.#refuseNul(chunk, nul);
    const whole = this.#rest.length ? Buffer.concat([this.#rest, chunk]) : chunk;
    const cut = whole.length - cutTail(whole);
    if (!isUtf8(whole.subarray(0, cut))) refuseBytes("bytes that are not UTF-8");
    this.#rest = Buffer.from(whole.subarray(cut));
    this.#offset += chunk.length;
    const text = chunk.subarray(this.#mark);
    this.#mark = 0;
    return text;
  }

  end(): Buffer {
    if (this.#rest.length) refuseBytes("bytes that are not UTF-8: the file ends within a character");
    return this.#rest;
  }

  /** Every other byte of ASCII in UTF-16 is NUL. */
  #refuseNul(chunk: Buffer, at: number): never {
    const wide = this.#offset === 0 && chunk.length > 1 && (chunk[0] === 0) !== (chunk[1] === 0);
    if (!wide) {
      const hint = "It is no CSV file, damaged, or not in UTF-8. Export it again, or restore a backup.";
      throw new BadText("a NUL byte", { kind: "nul", encoding: "utf-8", hint });
    }
    const hint = `If it is, give the option \`encoding: "${chunk[0] === 0 ? "utf-16be" : "utf-16le"}"\`.`;
    const what = `has a NUL byte at offset ${at}: it looks like UTF-16 without a byte order mark`;
    throw corrupt(this.#file, what, hint);
  }
}

function refuseBytes(what: string): never {
  const hint =
    'Give the encoding that the file has, such as `encoding: "windows-1252"` (older Windows programs) or "latin1", or save it in UTF-8.';
  throw new BadText(what, { kind: "bytes", encoding: "utf-8", hint });
}

/** Any other encoding by way of texts. */
class Recoder implements Decoder {
  readonly #decoder: { decode(chunk: Buffer | undefined, options: { stream: boolean }): string };
  readonly #encoding: CsvEncoding;

  constructor(encoding: CsvEncoding) {
    this.#encoding = encoding;
    // The web's "latin1" is windows-1252; this one is ISO 8859-1, byte by byte.
    this.#decoder =
      encoding === "latin1"
        ? { decode: (chunk) => chunk?.toString("latin1") ?? "" }
        : new TextDecoder(encoding, { fatal: true });
  }

  decode(chunk: Buffer): Buffer {
    return this.#recode(chunk, true);
  }

  end(): Buffer {
    return this.#recode(undefined, false);
  }

  #recode(chunk: Buffer | undefined, stream: boolean): Buffer {
    const encoding = this.#encoding;
    let text: string;
    try {
      text = this.#decoder.decode(chunk, { stream });
    } catch {
      const hint = "Give the encoding that it has, or save it in UTF-8.";
      throw new BadText(`bytes that are not ${encoding}`, { kind: "bytes", encoding, hint });
    }
    if (text.includes("\0")) {
      const hint = `It is no CSV file, damaged, or not in ${encoding}.`;
      throw new BadText("a NUL character", { kind: "nul", encoding, hint });
    }
    return Buffer.from(text, "utf8");
  }
}

/** How many bytes at the end belong to a UTF-8 character that is not whole: 0 to 3. */
function cutTail(bytes: Buffer): number {
  for (let back = 1; back <= Math.min(3, bytes.length); back += 1) {
    const byte = bytes[bytes.length - back] as number;
    if ((byte & 0xc0) === 0x80) continue;
    const length = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc0 ? 2 : 1;
    return length > back ? back : 0;
  }
  return 0;
}
