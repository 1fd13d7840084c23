import { monitorEventLoopDelay } from "node:perf_hooks";
import type { RunSpent } from "../../contracts/ledger.ts";

const lookMs = 100;
/** A block is told this exactly. */
const resolutionMs = 2;

/** Measures what a run takes of its process. Dispose of it when the run has ended. */
export class Meter implements Disposable {
  readonly #delay = monitorEventLoopDelay({ resolution: resolutionMs });
  readonly #timer: NodeJS.Timeout;
  #peakBytes = 0;
  #stallMs = 0;

  constructor() {
    this.#delay.enable();
    this.#timer = setInterval(() => this.#look(), lookMs).unref();
  }

  get spent(): RunSpent {
    this.#look();
    return { peakBytes: this.#peakBytes, stallMs: Math.round(this.#stallMs) };
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
    this.#delay.disable();
  }

  #look(): void {
    this.#peakBytes = Math.max(this.#peakBytes, process.memoryUsage.rss());
    this.#stallMs = Math.max(this.#stallMs, this.#delay.max / 1e6 - resolutionMs);
  }
}
