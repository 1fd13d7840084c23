/** A row that is not shaped as the header says, with the line of the file it begins on (from 1). */
export interface Fault {
  line: number;
  what: string;
}

const lf = 0x0a;
const cr = 0x0d;
const quote = 0x22;

/** Where in a field the scanner stands. */
const at = { start: 0, plain: 1, quoted: 2, afterQuote: 3, afterCr: 4 } as const;

/** A header longer than this is none: the file is no CSV, or a quote in it is never closed. */
const headerBytes = 16 << 20;

/**
 * Walks over the bytes of a CSV file (RFC 4180, LF or CRLF, one byte of separator) and counts fields and records. Holds only
 * the header. It stops at the first fault.
 */
export class RecordScanner {
  header: string[] = [];
  /** Records after the header that are not blank lines; of one column, blank lines count too: they are its nulls. */
  records = 0;
  blankRecords: number[] = [];
  fault: Fault | undefined;

  readonly #separator: number;
  /** 1 for the bytes that mean nothing but themselves. */
  readonly #plain = new Uint8Array(256).fill(1);
  #state: number = at.start;
  #fields = 1;
  /** Whether the record has a byte yet. */
  #blank = true;
  #line = 1;
  #recordLine = 1;
  #quoteLine = 1;
  /** Lines after the header, blank ones too: as polars counts records. */
  #counted = 0;
  #headerParts: Buffer[] | undefined = [];
  #headerBytes = 0;

  constructor(separator: number) {
    this.#separator = separator;
    for (const sign of [separator, lf, cr, quote]) this.#plain[sign] = 0;
  }

  /** Takes the next bytes of the file. */
  feed(bytes: Buffer): void {
    const separator = this.#separator;
    const length = bytes.length;
    const plain = this.#plain;
    let state = this.#state;
    let from = 0;
    for (let i = 0; i < length; i += 1) {
      if (state === at.quoted) {
        // Nothing but a quote ends a quoted field; lines are counted on the way.
        const end = bytes.indexOf(quote, i);
        const stop = end < 0 ? length : end;
        this.#line += countLines(bytes, i, stop);
        if (end < 0) break;
        i = end;
        state = at.afterQuote;
        continue;
      }
      let byte = bytes[i] as number;
      if (state <= at.plain && plain[byte] === 1) {
        // Most of a file is this: run over it without a look at the state.
        do i += 1;
        while (i < length && plain[bytes[i] as number] === 1);
        this.#blank = false;
        state = at.plain;
        if (i === length) break;
        byte = bytes[i] as number;
      }
      if (state === at.afterCr) {
        if (byte !== lf) {
          this.#fail("a carriage return without a line feed outside quotes");
          return;
        }
        state = at.plain;
      }
      if (byte === separator) {
        this.#fields += 1;
        this.#blank = false;
        state = at.start;
      } else if (byte === lf) {
        if (this.#headerParts) this.#keepHeader(bytes.subarray(from, i));
        this.#endRecord();
        if (this.fault) return;
        from = i + 1;
        state = at.start;
      } else if (byte === cr) {
        state = at.afterCr;
      } else if (byte === quote) {
        this.#blank = false;
        if (state === at.plain) {
          this.#fail('a quote (") within a field that does not begin with one');
          return;
        }
        if (state === at.start) this.#quoteLine = this.#line;
        state = at.quoted;
      } else {
        if (state === at.afterQuote) {
          this.#fail("text after the quote that ends a field");
          return;
        }
        this.#blank = false;
        state = at.plain;
      }
    }
    if (this.#headerParts) this.#keepHeader(bytes.subarray(from));
    this.#state = state;
  }

  /** To be called after the last bytes. */
  end(): void {
    if (this.#state === at.quoted) {
      this.#recordLine = this.#quoteLine;
      this.#fail("a quote that is never closed");
      return;
    }
    if (this.#state === at.afterCr) {
      this.#fail("a carriage return without a line feed at the end");
      return;
    }
    if (!this.#blank) this.#endRecord();
  }

  #endRecord(): void {
    if (this.#headerParts) {
      // Blank lines before the header are no header.
      if (!this.#blank) this.#endHeader(this.#headerParts);
      else this.#headerParts = [];
    } else if (this.#blank && this.header.length > 1) {
      this.blankRecords.push(this.#counted);
      this.#counted += 1;
    } else if (this.#fields !== this.header.length) {
      this.#fail(`${count(this.#fields)} where the header has ${this.header.length}`);
      return;
    } else {
      this.records += 1;
      this.#counted += 1;
    }
    this.#line += 1;
    this.#recordLine = this.#line;
    this.#fields = 1;
    this.#blank = true;
  }

  #keepHeader(bytes: Buffer): void {
    this.#headerBytes += bytes.length;
    if (this.#headerBytes > headerBytes) {
      this.#fail("a header of more than 16 MB");
      return;
    }
    this.#headerParts?.push(Buffer.from(bytes));
  }

  #endHeader(parts: Buffer[]): void {
    this.header = splitHeader(Buffer.concat(parts).toString("utf8"), String.fromCharCode(this.#separator));
    this.#headerParts = undefined;
  }

  #fail(what: string): void {
    this.fault = { line: this.#recordLine, what };
  }
}

function count(fields: number): string {
  return fields === 1 ? "1 field" : `${fields} fields`;
}

function countLines(bytes: Buffer, from: number, to: number): number {
  let lines = 0;
  for (let i = bytes.indexOf(lf, from); i >= 0 && i < to; i = bytes.indexOf(lf, i + 1)) lines += 1;
  return lines;
}

/** The fields of one record that is known to be well formed. */
function splitHeader(text: string, separator: string): string[] {
  const line = text.endsWith("\r") ? text.slice(0, -1) : text;
  const fields: string[] = [];
  for (let i = 0; i <= line.length; i += 1) {
    if (line[i] === '"') {
      let end = i + 1;
      while (line[end] !== '"' || line[end + 1] === '"') end += line[end] === '"' ? 2 : 1;
      fields.push(line.slice(i + 1, end).replaceAll('""', '"'));
      i = end + 1;
    } else {
      const end = line.indexOf(separator, i);
      fields.push(line.slice(i, end < 0 ? undefined : end));
      i = end < 0 ? line.length : end;
    }
  }
  return fields;
}
