/** Counts the sources of a run of which workers tell that they have ended. */
export class Tally {
  #total = 0;
  #waiting: { readonly total: number; readonly resolve: () => void } | undefined;

  get total(): number {
    return this.#total;
  }

  add(count: number): void {
    this.#total += count;
    if (this.#waiting && this.#total >= this.#waiting.total) this.#waiting.resolve();
  }

  /** One waits at a time: the step that is under way. */
  reaches(total: number): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting = { total, resolve };
      this.add(0);
    });
  }
}
