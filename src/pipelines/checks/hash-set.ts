const tableCount = 256;

/**
 * A set of 64-bit hashes in flat tables: 11 to 32 bytes for each, where a Set of bigints takes over 60. A hash's high byte tells its
 * table. Each table grows at another load, so that never many grow at once and block the event loop.
 */
export class HashSet {
  readonly #tables = Array.from({ length: tableCount }, (_, at) => new HashTable(0.5 + at / tableCount / 4));

  /** Adds it; whether it was there before. */
  add(low: number, high: number): boolean {
    // Both halves zero mean a free place, so that one hash shares its place with another.
    const stored = low === 0 && high === 0 ? 1 : high;
    return this.#tables[high >>> 24]?.add(low, stored) ?? false;
  }
}

/** Open addressing: a hash stands at its low half modulo the size, or in the next free place. */
class HashTable {
  readonly #load: number;
  /** Low and high half of each place; both zero: free. */
  #halves = new Uint32Array(2 * 16);
  #size = 0;

  constructor(load: number) {
    this.#load = load;
  }

  add(low: number, high: number): boolean {
    if (this.#size + 1 > (this.#halves.length / 2) * this.#load) this.#grow();
    if (put(this.#halves, low, high)) return true;
    this.#size++;
    return false;
  }

  #grow(): void {
    const larger = new Uint32Array(this.#halves.length * 2);
    for (let at = 0; at < this.#halves.length; at += 2) {
      const [low, high] = [this.#halves[at] ?? 0, this.#halves[at + 1] ?? 0];
      if (low !== 0 || high !== 0) put(larger, low, high);
    }
    this.#halves = larger;
  }
}

/** Puts it into its place; whether it was there before. */
function put(halves: Uint32Array, low: number, high: number): boolean {
  const mask = halves.length / 2 - 1;
  for (let place = low & mask; ; place = (place + 1) & mask) {
    const [thisLow, thisHigh] = [halves[2 * place], halves[2 * place + 1]];
    if (thisLow === low && thisHigh === high) return true;
    if (thisLow !== 0 || thisHigh !== 0) continue;
    halves[2 * place] = low;
    halves[2 * place + 1] = high;
    return false;
  }
}
