import { setImmediate as nextTurn } from "node:timers/promises";
import type { Clock } from "../../../src/pipelines/schedule/clock.ts";

/** A clock that stands still until a test moves it. */
export class ManualClock implements Clock {
  #now: number;
  readonly #sleepers = new Set<{ at: number; wake: () => void }>();

  constructor(now: string) {
    this.#now = Date.parse(now);
  }

  now(): number {
    return this.#now;
  }

  sleep(ms: number, signal: AbortSignal): Promise<void> {
    if (signal.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const sleeper = { at: this.#now + ms, wake: resolve };
      this.#sleepers.add(sleeper);
      signal.addEventListener("abort", () => this.#wake(sleeper), { once: true });
    });
  }

  /** Lets time pass: every sleeper wakes at its own moment. */
  async passTo(time: string): Promise<void> {
    const target = Date.parse(time);
    await settled();
    for (;;) {
      const [first] = [...this.#sleepers].sort((a, b) => a.at - b.at);
      if (!first || first.at > target) break;
      this.#now = Math.max(this.#now, first.at);
      this.#wake(first);
      await settled();
    }
    this.#now = target;
  }

  /** Sets the clock, as a correction or a suspended machine does: sleepers sleep on for as long as they would have. */
  jumpTo(time: string): void {
    const by = Date.parse(time) - this.#now;
    this.#now += by;
    for (const sleeper of this.#sleepers) sleeper.at += by;
  }

  #wake(sleeper: { wake: () => void; at: number }): void {
    if (this.#sleepers.delete(sleeper)) sleeper.wake();
  }
}

/** Everything that can go on without the clock has gone on. */
export async function settled(): Promise<void> {
  for (let turn = 0; turn < 5; turn++) await nextTurn();
}
