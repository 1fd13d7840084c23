import type { RunMark } from "../../contracts/run-mark.ts";
import type { StepScope } from "./session.ts";

/** One try at one source of a step: it counts what is saved, and names every save so that it is recognised later. */
export class Part {
  readonly scope: StepScope;
  readonly source: string;
  rows = 0;
  bytes = 0;
  cursor: string | null = null;
  /** Why nothing was saved, or what is to be known. */
  note: string | null = null;
  skipped = false;
  readonly #since: string | undefined;
  readonly #saves = new Map<string, number>();

  constructor(scope: StepScope, source: string, since: string | undefined) {
    this.scope = scope;
    this.source = source;
    this.#since = since;
  }

  /** @param range tells one window of a source from the next. */
  mark(destination: string, range = "", cursor?: RunMark["cursor"]): RunMark {
    const key = `${destination}\n${range}`;
    const count = (this.#saves.get(key) ?? 0) + 1;
    this.#saves.set(key, count);
    const base = `${this.scope.step.name}/${this.source}${range === "" ? "" : `@${range}`}`;
    return {
      id: this.scope.session.id,
      part: count === 1 ? base : `${base}#${count}`,
      since: this.#since,
      ...(cursor && { cursor }),
      ...(this.scope.session.seat && { fence: this.scope.session.seat.fence }),
    };
  }

  /** Nothing was saved, and why. What was saved before counts more. */
  skip(note: string): void {
    if (this.rows > 0) return;
    this.skipped = true;
    this.note = note;
  }

  saved(rows: number, bytes: number): void {
    this.skipped = false;
    this.rows += rows;
    this.bytes += bytes;
  }

  progress(rows: number, totalRows?: number): void {
    const { session, step } = this.scope;
    session.emit({
      type: "source-progress",
      step: step.name,
      source: this.source,
      rows: this.rows + rows,
      ...(totalRows !== undefined && { totalRows }),
    });
  }
}
