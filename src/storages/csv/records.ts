/** A row that is not shaped as the header says, with the line of the file it begins on (from 1). */
export interface Fault {
  line: number;
  what: string;
}

/** The signs by which the bytes of a file fall into records and fields. Each is one byte; -1 where there is none. */
export interface Signs {
  separator: number;
  quote: number;
  lineEnd: number;
  /** Before a number's fraction. */
  point: number;
  /** What a line that is left out begins with. */
  comment: Buffer | null;
}

export const lf = 0x0a;
export const cr = 0x0d;

/** What kinds of bytes a field has, as bits; of one in quotes only that it is in quotes. */
export const byteClass = { digit: 1, point: 2, minus: 4, other: 8, quoted: 16 } as const;

/** The class of bytes that may end a field: larger than any of the others. */
const ending = 128;

/** What `next` found. `more`: the bytes end within a record. */
export const found = { record: 0, blank: 1, comment: 2, more: 3, fault: 4 } as const;

/**
 * Cuts bytes into records and fields as RFC 4180 says (LF or CRLF; or lone CR where the signs say so). It keeps nothing but the
 * bounds of the last record's fields.
 */
export class RecordCutter {
  /** Where the next record begins. */
  stop = 0;
  /** Where the last record ends, without its line end. */
  end = 0;
  fields = 0;
  /** First byte and the byte after the last of each field, without quotes. */
  starts = new Int32Array(64);
  ends = new Int32Array(64);
  /** Bits of `byteClass`. */
  classes = new Uint8Array(64);
  /** The line that `next` stands on, from 1. */
  line = 1;
  fault: Fault | undefined;

  readonly #signs: Signs;
  readonly #classOf = new Uint8Array(256).fill(byteClass.other);
  /** The largest of the bytes that may end a field: most bytes of most files are larger, and told so at once. */
  readonly #most: number;

  constructor(signs: Signs) {
    this.#signs = signs;
    this.#classOf.fill(byteClass.digit, 0x30, 0x3a);
    this.#classOf[0x2d] = byteClass.minus;
    this.#classOf[signs.point] = byteClass.point;
    const ends = [signs.separator, signs.quote, lf, cr];
    for (const sign of ends) if (sign >= 0) this.#classOf[sign] = ending;
    this.#most = Math.max(...ends);
  }

  /**
   * Looks at the record that begins at `at`.
   *
   * @param bytes has one byte more than `end`, a line end: so no loop has to look where the bytes end.
   * @param last whether no more bytes follow.
   */
  next(bytes: Buffer, at: number, end: number, last: boolean): number {
    const { separator, quote, lineEnd, comment } = this.#signs;
    const classOf = this.#classOf;
    const most = this.#most;
    if (comment && bytes[at] === comment[0]) {
      if (at + comment.length > end && !last) return found.more;
      if (at + comment.length <= end && comment.equals(bytes.subarray(at, at + comment.length)))
        return this.#skipLine(bytes, at, end, last);
    }
    let { starts, ends, classes } = this;
    let i = at;
    let fields = 0;
    let lines = 1;
    for (;;) {
      let start = i;
      let stop: number;
      let kinds = 0;
      const isQuoted = bytes[i] === quote && i < end;
      if (isQuoted) {
        start = i + 1;
        stop = closingQuote(bytes, start, end, quote);
        if (stop < 0 || (stop + 1 === end && !last)) {
          if (!last) return found.more;
          return this.#fail("a quote that is never closed", countLines(bytes, at, start, lineEnd));
        }
        lines += countLines(bytes, start, stop, lineEnd);
        i = stop + 1;
        kinds = byteClass.quoted;
      } else {
        let byte = bytes[i] as number;
        while (byte > most || classOf[byte] !== ending) {
          kinds |= classOf[byte] as number;
          i += 1;
          byte = bytes[i] as number;
        }
        stop = i;
      }
      if (fields === starts.length) {
        this.#grow();
        ({ starts, ends, classes } = this);
      }
      starts[fields] = start;
      ends[fields] = stop;
      classes[fields] = kinds;
      fields += 1;
      if (i >= end) {
        if (!last) return found.more;
        break;
      }
      const byte = bytes[i] as number;
      if (byte === separator) {
        i += 1;
        continue;
      }
      if (byte === lineEnd) break;
      if (byte === cr && bytes[i + 1] === lf) {
        if (i + 1 < end) break;
        if (!last) return found.more;
      }
      return this.#fail(unexpected(byte, quote, isQuoted));
    }
    this.end = i;
    this.stop = i >= end ? end : bytes[i] === cr && lineEnd === lf ? i + 2 : i + 1;
    this.fields = fields;
    this.line += lines;
    return fields === 1 && i === at ? found.blank : found.record;
  }

  /** The fields of the last record as texts. */
  texts(bytes: Buffer): string[] {
    const { quote } = this.#signs;
    const sign = String.fromCharCode(quote);
    return Array.from({ length: this.fields }, (_, i) => {
      const text = bytes.toString("utf8", this.starts[i], this.ends[i]);
      return this.classes[i] === byteClass.quoted ? text.replaceAll(sign + sign, sign) : text;
    });
  }

  #skipLine(bytes: Buffer, at: number, end: number, last: boolean): number {
    const stop = bytes.indexOf(this.#signs.lineEnd, at);
    if (stop >= end && !last) return found.more;
    this.stop = Math.min(stop + 1, end);
    this.line += 1;
    return found.comment;
  }

  #fail(what: string, linesBefore = 0): number {
    this.fault = { line: this.line + linesBefore, what };
    return found.fault;
  }

  #grow(): void {
    const { starts, ends, classes } = this;
    const length = starts.length * 2;
    [this.starts, this.ends, this.classes] = [new Int32Array(length), new Int32Array(length), new Uint8Array(length)];
    this.starts.set(starts);
    this.ends.set(ends);
    this.classes.set(classes);
  }
}

function unexpected(byte: number, quote: number, isQuoted: boolean): string {
  if (byte === cr) return "a carriage return without a line feed outside quotes";
  if (byte === lf) return "a line feed outside quotes, in a file whose lines end with carriage returns";
  if (isQuoted) return "text after the quote that ends a field";
  return `a quote (${String.fromCharCode(quote)}) within a field that does not begin with one`;
}

/** Where a quoted field ends; two quotes in a row are one of its text. -1 when it does not end before `end`. */
function closingQuote(bytes: Buffer, from: number, end: number, quote: number): number {
  let close = bytes.indexOf(quote, from);
  while (close >= 0 && close < end && close + 1 < end && bytes[close + 1] === quote) {
    close = bytes.indexOf(quote, close + 2);
  }
  return close < end ? close : -1;
}

export function countLines(bytes: Buffer, from: number, to: number, lineEnd: number): number {
  let lines = 0;
  for (let i = bytes.indexOf(lineEnd, from); i >= 0 && i < to; i = bytes.indexOf(lineEnd, i + 1)) lines += 1;
  return lines;
}
