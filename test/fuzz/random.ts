/** Numbers that are the same for the same seed. */
export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** Between 0 and 1. */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  /** From 0 up to, and without, `end`. */
  below(end: number): number {
    return Math.floor(this.next() * end);
  }

  pick<T>(values: readonly T[]): T {
    return values[this.below(values.length)] as T;
  }
}

/** Bytes with some of them flipped, cut out, doubled, moved, or replaced by what parsers stumble over. */
export function mutated(bytes: Uint8Array, random: Random, tokens: readonly string[] = []): Buffer {
  let result = Buffer.from(bytes);
  for (let left = 1 + random.below(4); left > 0; left--) {
    const at = random.below(result.length + 1);
    const end = Math.min(result.length, at + 1 + random.below(random.pick([1, 4, 64, 4_096])));
    switch (random.below(6)) {
      case 0:
        for (let count = 1 + random.below(8); count > 0 && result.length > 0; count--) {
          const where = random.below(result.length);
          result[where] = (result[where] ?? 0) ^ (1 << random.below(8));
        }
        break;
      case 1:
        result = result.subarray(0, at);
        break;
      case 2:
        result = Buffer.concat([result.subarray(0, at), result.subarray(end)]);
        break;
      case 3:
        result = Buffer.concat([result.subarray(0, end), result.subarray(at)]);
        break;
      case 4:
        result.fill(random.pick([0, 0xff, 0x22, 0x7f]), at, end);
        break;
      default: {
        const token = Buffer.from(tokens.length > 0 ? random.pick(tokens) : "\0\xff\x7f", "latin1");
        result = Buffer.concat([result.subarray(0, at), token, result.subarray(at)]);
      }
    }
    result = Buffer.from(result);
  }
  return result;
}
