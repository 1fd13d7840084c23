/** A worker takes jobs ahead for so long: the next ones are there when one ends, and no other worker waits longer for what one took. */
const aheadMs = 50;
const most = 400;

/** How long jobs of each queue take, and so how many are worth taking before there is a place for them. */
export class Pace {
  readonly #means = new Map<string, number>();

  worked(queue: string, ms: number): void {
    const mean = this.#means.get(queue) ?? ms;
    // Slow ones count at once, so that nothing is held back behind them.
    this.#means.set(queue, ms > mean ? ms : mean + (ms - mean) / 8);
  }

  /** None before the first has ended. */
  ahead(queue: string, places: number): number {
    const mean = this.#means.get(queue);
    return mean === undefined ? 0 : Math.min(most, Math.floor((places * aheadMs) / Math.max(mean, 0.01)));
  }

  /** Whether a job that began then is taking longer than anything is taken ahead for. */
  isSlow(began: number): boolean {
    return performance.now() - began > aheadMs;
  }
}
