/** Which rows hold a value: one bit each, the lowest first. There are no bits until the first null. */
export class Nulls {
  readonly #length: number;
  #bits: Uint8Array | null = null;
  #count = 0;

  constructor(length: number) {
    this.#length = length;
  }

  mark(row: number): void {
    this.#bits ??= new Uint8Array(Math.ceil(this.#length / 64) * 8).fill(255);
    this.#bits[row >> 3] = (this.#bits[row >> 3] ?? 0) & ~(1 << (row & 7));
    this.#count++;
  }

  /** As Arrow data takes them. */
  get buffers(): { nullBitmap?: Uint8Array; nullCount: number } {
    return this.#bits ? { nullBitmap: this.#bits, nullCount: this.#count } : { nullCount: 0 };
  }
}

/** The nulls of values that are looked at elsewhere. */
export function nullsOf(values: ArrayLike<unknown>): Nulls {
  const nulls = new Nulls(values.length);
  for (let row = 0; row < values.length; row++) {
    if (values[row] === null || values[row] === undefined) nulls.mark(row);
  }
  return nulls;
}
