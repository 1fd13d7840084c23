import { setTimeout as sleep } from "node:timers/promises";
import type { Logger } from "../contracts/logger.ts";
import { unhurried } from "./fence.ts";
import type { Attempt } from "./jobs.ts";
import { type QueuePlace, schema } from "./place.ts";

interface Waiting {
  readonly attempt: Attempt;
  readonly output: object | null;
  resolve(): void;
}

/** Waits while the server does not answer. */
const againMs = 500;

/** Tells the queue what became of jobs: those that end in the same moment together. */
export class Settler {
  readonly #place: QueuePlace;
  readonly #logger: Logger;
  readonly #waiting: Waiting[] = [];
  readonly #known = new Set<string>();
  #flushing: Promise<void> | undefined;

  constructor(place: QueuePlace, logger: Logger) {
    this.#place = place;
    this.#logger = logger;
  }

  /** Whether the job is being told of just now. */
  knows(id: string): boolean {
    return this.#known.has(id);
  }

  done(attempt: Attempt, output: object | null): Promise<void> {
    return new Promise((resolve) => {
      this.#known.add(attempt.id);
      this.#waiting.push({ attempt, output, resolve });
      this.#flushing ??= this.#flush();
    });
  }

  /** Gives a job to another try: at once when this worker just ends, else as one that failed. */
  async back(attempt: Attempt, cause: unknown): Promise<void> {
    const { queue, id, retryCount } = attempt;
    try {
      if (cause !== null) {
        const { name, message } = cause instanceof Error ? cause : new Error(String(cause));
        await this.#place.boss.fail(queue, { id, retryCount }, { name, message });
      } else {
        const sql = `UPDATE ${schema}.job SET state = 'created', started_on = NULL, heartbeat_on = NULL
          WHERE name = $1 AND id = $2 AND state = 'active' AND retry_count = $3`;
        await this.#place.sql(sql, [queue, id, retryCount]);
      }
      await this.#place.notify({ queue });
    } catch (failure) {
      this.#logger.debug({ err: failure }, `Job ${id} could not be given back; its lease will end.`);
    }
  }

  async flush(): Promise<void> {
    await this.#flushing;
  }

  async #flush(): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve));
    while (this.#waiting.length > 0) {
      const all = this.#waiting.splice(0);
      for (const [queue, jobs] of Map.groupBy(all, ({ attempt }) => attempt.queue)) {
        const plain = jobs.filter(({ output }) => output === null);
        if (plain.length > 0) await this.#complete(queue, plain, null);
        for (const job of jobs) if (job.output !== null) await this.#complete(queue, [job], job.output);
      }
    }
    this.#flushing = undefined;
  }

  async #complete(queue: string, jobs: readonly Waiting[], output: object | null): Promise<void> {
    const attempts = jobs.map(({ attempt: { id, retryCount } }) => ({ id, retryCount }));
    for (let tries = 0; tries < 120; tries++) {
      try {
        await this.#place.transaction(async (db) => {
          await db.executeSql(unhurried);
          await this.#place.boss.complete(queue, attempts, output, { db });
        });
        break;
      } catch (cause) {
        this.#logger.debug({ err: cause }, "The queue does not answer; telling it again.");
        await sleep(againMs);
      }
    }
    for (const { attempt, resolve } of jobs) {
      this.#known.delete(attempt.id);
      resolve();
    }
  }
}
