import type { Limits } from "./fetch.ts";
import type { Attempt } from "./jobs.ts";
import { Pace } from "./pace.ts";

/** Resolves when the queue knows what became of the job. Rejecting hands it to another try. `free` gives its place to the next one before that. */
export type JobWork = (attempt: Attempt, signal: AbortSignal, free: () => void) => Promise<void>;

/** One kind of job, with as many in hand at once as it may have. */
export interface Lane {
  readonly queues: () => readonly string[];
  readonly most: number;
  readonly limits?: Limits | undefined;
  /** What is worked on while nothing else is in hand: should it end the process, it takes nothing with it. */
  readonly alone?: ((attempt: Attempt) => boolean) | undefined;
  readonly work: JobWork;
}

export interface InHand {
  readonly attempt: Attempt;
  readonly ending: AbortController;
  readonly began: number;
  readonly done: Promise<void>;
  /** Its place is another job's by now. */
  freed: boolean;
}

/** What a lane has at the moment. */
export class Hands {
  readonly jobs = new Map<string, InHand>();
  /** Taken ahead, and not begun. */
  readonly waiting: { readonly attempt: Attempt; readonly since: number }[] = [];
  readonly pace = new Pace();
  /** Places in use. */
  working = 0;
  /** Whether one that is worked on alone waits for the others to end, or is worked on. */
  alone: "waits" | "works" | null = null;

  get all(): Attempt[] {
    return [...[...this.jobs.values()], ...this.waiting].map(({ attempt }) => attempt);
  }

  /** How many may be taken ahead of a queue's jobs. */
  ahead({ most, limits }: Lane, queue: string): number {
    if (limits && limits.size > 0) return 0;
    for (const { freed, began } of this.jobs.values()) if (!freed && this.pace.isSlow(began)) return 0;
    return this.pace.ahead(queue, most);
  }
}
