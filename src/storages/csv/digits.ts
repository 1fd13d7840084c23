import { writeFile } from "node:fs/promises";
import type { Config } from "../../config/settings.ts";
import { exchangeFile } from "../../frame/exchange.ts";
import { type Expr, pl } from "../../frame/polars.ts";

/** So many numbers are proven here and now; for more, it pays to hand them to polars. */
const few = 2_000;

/** Of a number that is remembered: column and length in one word, then its bytes in words of four. */
const slotWords = 6;
const slotBits = 15;
const slotShift = 32 - slotBits;
const shortest = 16;
const longest = 20;

/**
 * Numbers with more digits than every float64 holds, collected while records are cut, to be proven by polars' own threads: their digits
 * are those of the shortest text of the float, or the column is no float.
 */
export class DigitProof {
  #bytes: Buffer = Buffer.alloc(0);
  #length = 0;
  #count = 0;
  /** Numbers that were collected already, in slots of `slotWords`. */
  #known: Int32Array = new Int32Array(slotWords << slotBits);
  #view: DataView = new DataView(new ArrayBuffer(0));

  add(column: number, bytes: Buffer, start: number, end: number): void {
    if (this.#isKnown(column, bytes, start, end)) return;
    const most = this.#length + end - start + 12;
    if (most > this.#bytes.length) this.#grow(most);
    const into = this.#bytes;
    let at = this.#length + into.write(String(column), this.#length, "latin1");
    into[at++] = 0x2c;
    for (let i = start; i < end; i += 1) into[at++] = bytes[i] as number;
    into[at++] = 0x0a;
    this.#length = at;
    this.#count += 1;
  }

  /** Prices and the like come again and again. Each slot keeps the last number whose hash led there. */
  #isKnown(column: number, bytes: Buffer, start: number, end: number): boolean {
    const length = end - start;
    if (length < shortest || length > longest) return false;
    if (bytes.buffer !== this.#view.buffer) this.#view = new DataView(bytes.buffer);
    const view = this.#view;
    const from = bytes.byteOffset + start;
    const head = (column << 8) | length;
    const a = view.getInt32(from, true);
    const b = view.getInt32(from + 4, true);
    const c = view.getInt32(from + 8, true);
    const d = view.getInt32(from + 12, true);
    // The last four bytes, some of which may be those of `d`.
    const e = view.getInt32(from + length - 4, true);
    let hash = Math.imul(head, 0x9e3779b1) ^ a;
    hash = Math.imul(hash ^ (hash >>> 15), 0x85ebca6b) ^ b;
    hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35) ^ Math.imul(c, 0x27d4eb2f) ^ d;
    hash = Math.imul(hash ^ (hash >>> 16), 0x165667b1) ^ e;
    const slot = (Math.imul(hash, 0x9e3779b1) >>> slotShift) * slotWords;
    const known = this.#known;
    if (
      known[slot] === head &&
      known[slot + 1] === a &&
      known[slot + 2] === b &&
      known[slot + 3] === c &&
      known[slot + 4] === d &&
      known[slot + 5] === e
    ) {
      return true;
    }
    known[slot] = head;
    known[slot + 1] = a;
    known[slot + 2] = b;
    known[slot + 3] = c;
    known[slot + 4] = d;
    known[slot + 5] = e;
    return false;
  }

  get isLong(): boolean {
    return this.#length > 8 << 20;
  }

  /** The columns with a number that no float64 holds. What was collected is forgotten at once, so that more can be added. */
  async failed(config: Config): Promise<number[]> {
    if (this.#length === 0) return [];
    const numbers = this.#bytes.subarray(0, this.#length);
    const count = this.#count;
    this.#bytes = Buffer.alloc(0);
    this.#length = 0;
    this.#count = 0;
    if (count <= few) return failedOf(numbers);
    await using file = await exchangeFile(config, numbers.length);
    await writeFile(file.path, [Buffer.from("column,text\n"), numbers]);
    const scanned = pl.scanCSV(file.path, {
      schema: { column: pl.Int32, text: pl.String },
      ...{ hasHeader: true, ignoreErrors: false, glob: false, cache: false, inferSchemaLength: 0 },
    });
    const printed = pl.col("text").cast(pl.Float64, false).cast(pl.String);
    const texts = await scanned.collect();
    const odd = await texts
      .lazy()
      .select(printed.neq(pl.col("text")).any())
      .collect();
    if (odd.getColumn(odd.columns[0] as string).toArray()[0] !== true) return [];
    const wrong = await texts
      .lazy()
      .filter(digitsOf(printed).neq(digitsOf(pl.col("text"))))
      .select(pl.col("column").unique())
      .collect();
    return [...wrong.getColumn("column").toArray()].map(Number);
  }

  #grow(least: number): void {
    const larger = Buffer.allocUnsafe(Math.max(least, this.#bytes.length * 2, 1 << 12));
    this.#bytes.copy(larger, 0, 0, this.#length);
    this.#bytes = larger;
  }
}

function failedOf(numbers: Buffer): number[] {
  const columns = new Set<number>();
  for (const line of numbers.toString("latin1").trimEnd().split("\n")) {
    const comma = line.indexOf(",");
    const text = line.slice(comma + 1);
    if (significant(text) !== significant(String(Number(text)))) columns.add(Number(line.slice(0, comma)));
  }
  return [...columns];
}

function significant(text: string): string {
  return text
    .replace(/[eE].*$/, "")
    .replaceAll(/[^0-9a-z]/gi, "")
    .replaceAll(/^0+|0+$/g, "");
}

/** The digits of a number without sign, point, exponent and the zeros at both ends. */
function digitsOf(text: Expr): Expr {
  return text.str.replace("[eE].*$", "").str.replaceAll("[^0-9a-z]", "").str.replace("^0+", "").str.replace("0+$", "");
}
