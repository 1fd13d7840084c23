import type { Logger } from "../../contracts/logger.ts";
import type { Schedule, ScheduleMemory } from "../../contracts/schedule.ts";
import { ConfigError, ConflictError } from "../../errors.ts";
import type { RunOptions } from "../pipeline.ts";
import { ProcessEnds } from "../run/ending.ts";
import { type Clock, systemClock } from "./clock.ts";
import { lastTime, type Times, timesOf } from "./times.ts";

/** What a scheduler runs: a pipeline. Its own `onOverlap` says what a run does while another is under way. */
export interface Scheduled {
  /** Tells it from others; its times are remembered under it. */
  readonly name: string;
  /** Has the schedule; without one it is left out. */
  readonly definition: { readonly schedule?: Schedule | undefined };
  /** Called when it is due. A rejection is logged. */
  run(options: RunOptions & { readonly signal: AbortSignal }): Promise<unknown>;
}

/** What a scheduler is started with. */
export interface SchedulerOptions {
  /** Remembers the times that were run, such as the ledger. Without it nothing that was missed is known after a restart. */
  readonly memory?: ScheduleMemory;
  /** Default: nothing is logged. */
  readonly logger?: Logger;
  /** What runs share, as `pipeline.run` takes it: a factory, a ledger. Without them each run opens its own. */
  readonly runWith?: Omit<RunOptions, "signal">;
  /** Default: the system's. For tests. */
  readonly clock?: Clock;
}

/** A pipeline's next time. */
export interface NextRun {
  /** The pipeline's name. */
  readonly pipeline: string;
  /** The moment it is due. */
  readonly at: Date;
}

/** A scheduler at work. */
export interface RunningScheduler extends AsyncDisposable {
  /** The next time of each pipeline that has one, soonest first. */
  next(): NextRun[];
  /** Begins no further run and resolves when those under way have ended; with `abort`, they are stopped. What workers of a queue have goes on. */
  stop(options?: { readonly abort?: boolean }): Promise<void>;
}

/** A time that is later than this is one that was missed. */
const graceMs = 60_000;
/** The longest sleep: so long a jump of the system's clock may stay unnoticed. */
const longestSleep = 30_000;
/** A remembered time further ahead than this comes from a clock that was wrong. */
const mostAheadMs = 86_400_000;

/** Runs pipelines at their times, within this process. */
export const scheduler = {
  /**
   * Pipelines without a schedule are left out.
   *
   * @throws ConfigError for a wrong schedule, for two pipelines of one name, and when none has a schedule.
   */
  start(pipelines: readonly Scheduled[], options: SchedulerOptions = {}): RunningScheduler {
    const twice = pipelines.find(({ name }, at) => pipelines.findIndex((other) => other.name === name) !== at);
    if (twice) throw new ConfigError(`Two pipelines are called "${twice.name}".`, { hint: "Give each its own name." });
    const entries = pipelines.flatMap((pipeline) => {
      const { schedule } = pipeline.definition;
      return schedule ? [new Entry(pipeline, schedule, options)] : [];
    });
    if (entries.length === 0)
      throw new ConfigError("No pipeline has a schedule.", { hint: 'Define one with schedule: { every: "15m" }.' });
    const working = entries.map((entry) => entry.work());
    const stop: RunningScheduler["stop"] = async ({ abort = false } = {}) => {
      for (const entry of entries) entry.stop(abort);
      await Promise.all(working);
    };
    return {
      next: () => entries.flatMap((entry) => entry.next() ?? []).sort((a, b) => a.at.getTime() - b.at.getTime()),
      stop,
      [Symbol.asyncDispose]: () => stop(),
    };
  },
};

/** One pipeline's times, and its runs. */
class Entry {
  readonly #pipeline: Scheduled;
  readonly #times: Times;
  readonly #catchUp: "once" | "skip";
  readonly #options: SchedulerOptions;
  readonly #clock: Clock;
  readonly #stopped = new AbortController();
  readonly #aborted = new AbortController();
  readonly #runs = new Set<Promise<void>>();
  /** What the memory holds. */
  #last: number | null = null;
  /** All times up to this one are dealt with. */
  #done = 0;

  constructor(pipeline: Scheduled, schedule: Schedule, options: SchedulerOptions) {
    this.#pipeline = pipeline;
    this.#times = timesOf(schedule);
    this.#catchUp = schedule.catchUp ?? "once";
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#done = this.#clock.now();
  }

  next(): NextRun | null {
    if (this.#stopped.signal.aborted) return null;
    const at = this.#times.next(Math.max(this.#done, this.#clock.now()));
    return at === null ? null : { pipeline: this.#pipeline.name, at: new Date(at) };
  }

  stop(abort: boolean): void {
    this.#stopped.abort();
    if (abort) this.#aborted.abort(new ProcessEnds("The scheduler was stopped."));
  }

  async work(): Promise<void> {
    await this.#remember();
    while (!this.#stopped.signal.aborted) {
      await this.#look();
      const next = this.#times.next(Math.max(this.#done, this.#clock.now()));
      const left = next === null ? longestSleep : next - this.#clock.now();
      await this.#clock.sleep(Math.min(Math.max(left, 0), longestSleep), this.#stopped.signal);
    }
    await Promise.all(this.#runs);
  }

  /** Where an earlier scheduler ended. */
  async #remember(): Promise<void> {
    const begun = this.#clock.now();
    while (!this.#stopped.signal.aborted) {
      try {
        const last = await this.#options.memory?.lastScheduled(this.#pipeline.name);
        this.#last = last?.getTime() ?? null;
        this.#done = this.#last ?? begun;
        return;
      } catch (cause) {
        this.#options.logger?.error(
          { err: cause },
          `When ${this.#pipeline.name} ran last can't be read; trying again.`,
        );
        await this.#clock.sleep(longestSleep, this.#stopped.signal);
      }
    }
  }

  /** Runs what is due. Of several times that passed only the last counts. */
  async #look(): Promise<void> {
    const { logger } = this.#options;
    const { name } = this.#pipeline;
    const now = this.#clock.now();
    if (this.#done - now > mostAheadMs) {
      logger?.warn(
        `${name} ran last at ${text(this.#done)}, which is still to come: the clock was wrong then, and that time is left aside.`,
      );
      this.#done = now;
    }
    const due = lastTime(this.#times, this.#done, now);
    if (due === null) return;
    const missed = now - due > graceMs;
    if (missed && this.#catchUp === "skip") {
      logger?.info(`${name} missed its time ${text(due)}; it waits for the next.`);
      this.#done = due;
      return;
    }
    if (!(await this.#claim(due))) return;
    if (missed) logger?.info(`${name} missed its time ${text(due)} and runs once now.`);
    this.#begin(due);
  }

  /** Whether this scheduler may run that time. */
  async #claim(due: number): Promise<boolean> {
    const { memory, logger } = this.#options;
    const { name } = this.#pipeline;
    try {
      const previous = this.#last === null ? null : new Date(this.#last);
      const claimed = (await memory?.claimScheduled(name, new Date(due), previous)) ?? true;
      const last = claimed ? due : ((await memory?.lastScheduled(name))?.getTime() ?? null);
      this.#last = last;
      this.#done = claimed ? due : Math.max(last ?? due, this.#done);
      if (!claimed) logger?.debug(`Another scheduler runs ${name} for ${text(due)}.`);
      return claimed;
    } catch (cause) {
      logger?.error({ err: cause }, `The time ${text(due)} of ${name} can't be claimed; trying again.`);
      return false;
    }
  }

  /** One run may be under way and one may wait for it; with more, runs that take too long would pile up. */
  #begin(due: number): void {
    const { logger } = this.#options;
    const { name } = this.#pipeline;
    if (this.#runs.size >= 2) {
      logger?.warn(`${name} is left out at ${text(due)}: one run is under way and another waits for it.`);
      return;
    }
    const run = this.#pipeline
      .run({ ...this.#options.runWith, signal: this.#aborted.signal })
      .then(
        () => {},
        (cause: unknown) => this.#tell(due, cause),
      )
      .finally(() => this.#runs.delete(run));
    this.#runs.add(run);
  }

  #tell(due: number, cause: unknown): void {
    const { logger } = this.#options;
    const { name } = this.#pipeline;
    if (this.#aborted.signal.aborted && cause === this.#aborted.signal.reason) {
      logger?.info(
        `The run of ${name} for ${text(due)} was left: in this process it was stopped, and can be gone on with; in a queue it goes on.`,
      );
    } else if (cause instanceof ConflictError && cause.code === "RUN_OVERLAP") {
      logger?.warn(`${name} is left out at ${text(due)}: ${cause.message}`);
    } else {
      const why = cause instanceof Error ? cause.message : String(cause);
      logger?.error({ err: cause }, `The run of ${name} for ${text(due)} failed: ${why}`);
    }
  }
}

function text(ms: number): string {
  return new Date(ms).toISOString();
}
