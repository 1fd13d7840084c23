import type { RunEvent } from "../../contracts/run-event.ts";
import { countText, durationText } from "./text.ts";

/** How far a step is, from its events. */
export class StepProgress {
  #total = 0;
  #done = 0;
  #began = 0;
  #endedHere = 0;
  #rows = 0;
  readonly #running = new Map<string, number>();
  readonly #now: () => number;

  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  take(event: RunEvent): void {
    switch (event.type) {
      case "step-started":
        this.#began = this.#now();
        return;
      case "step-sources":
        this.#total += event.total;
        this.#done += event.done;
        return;
      case "source-started":
        this.#running.set(event.source, 0);
        return;
      case "source-progress":
        this.#running.set(event.source, event.rows);
        return;
      case "source-ended":
        this.#running.delete(event.source);
        this.#done += 1;
        this.#endedHere += 1;
        this.#rows += event.rows;
        return;
    }
  }

  get begun(): boolean {
    return this.#began > 0;
  }

  /** `12/40 sources, 120,000 rows, 24,000 rows/s, 18.5 s left` */
  get text(): string {
    const seconds = Math.max(0.001, (this.#now() - this.#began) / 1_000);
    const rows = this.#rows + [...this.#running.values()].reduce((sum, each) => sum + each, 0);
    const left = this.#total - this.#done;
    const parts = [`${this.#done}/${countText(this.#total, "source")}`, countText(rows, "row")];
    if (rows > 0) parts.push(`${Math.round(rows / seconds).toLocaleString("en-US")} rows/s`);
    if (this.#endedHere > 0 && left > 0) parts.push(`${durationText((seconds * 1_000 * left) / this.#endedHere)} left`);
    return parts.join(", ");
  }
}
