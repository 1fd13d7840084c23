const noHash = 0;

/**
 * A set of 64-bit hashes in one flat table: 11 to 32 bytes for each, where a Set of bigints takes over 60. Open addressing: a hash
 * stands at its low half modulo the size, or in the next free place.
 */
export class HashSet {
  /** Low and high half of each place; both zero: free. */
  #table = new Uint32Array(2 * 1_024);
  #size = 0;

  /** Adds it; whether it was there before. */
  add(low: number, high: number): boolean {
    if ((this.#size + 1) * 4 > (this.#table.length / 2) * 3) this.#grow();
    // Both halves zero mean a free place, so that one hash shares its place with another.
    if (this.#put(this.#table, low, low === noHash && high === noHash ? 1 : high)) return true;
    this.#size++;
    return false;
  }

  #put(table: Uint32Array, low: number, high: number): boolean {
    const mask = table.length / 2 - 1;
    for (let place = low & mask; ; place = (place + 1) & mask) {
      const [thisLow, thisHigh] = [table[2 * place], table[2 * place + 1]];
      if (thisLow === low && thisHigh === high) return true;
      if (thisLow !== noHash || thisHigh !== noHash) continue;
      table[2 * place] = low;
      table[2 * place + 1] = high;
      return false;
    }
  }

  #grow(): void {
    const larger = new Uint32Array(this.#table.length * 2);
    for (let at = 0; at < this.#table.length; at += 2) {
      const [low, high] = [this.#table[at] ?? 0, this.#table[at + 1] ?? 0];
      if (low !== noHash || high !== noHash) this.#put(larger, low, high);
    }
    this.#table = larger;
  }
}
