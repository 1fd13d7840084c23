import type { Memory } from "./gate/memory.ts";

const kind = "scrape-outcome";

/** How the last scrape of a source ended. */
export interface Outcome {
  readonly saved: boolean;
  readonly time: string;
  readonly rows: number;
  readonly error?: string;
}

/** Remembers how the last scrape of a source ended, for `retryFailed`. */
export class Outcomes {
  readonly #memory: Memory;
  readonly #name: string;

  constructor(memory: Memory, name: string) {
    this.#memory = memory;
    this.#name = name;
  }

  async last(): Promise<Outcome | null> {
    const kept = await this.#memory.recall(kind, this.#name);
    return kept === null ? null : JSON.parse(kept);
  }

  async keep(outcome: Omit<Outcome, "time">): Promise<void> {
    await this.#memory.remember(kind, this.#name, JSON.stringify({ ...outcome, time: new Date().toISOString() }));
  }
}
