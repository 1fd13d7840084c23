import { setTimeout as sleep } from "node:timers/promises";
import type { Logger } from "../contracts/logger.ts";
import { evict } from "./fence.ts";
import { fetchJobs, type Limits } from "./fetch.ts";
import { HandedBack } from "./handed-back.ts";
import type { Attempt } from "./jobs.ts";
import { jobsChannel, type QueuePlace, schema } from "./place.ts";
import { Settler } from "./settle.ts";

/** How often is looked for jobs of which no word came. */
const lookMs = 1_000;

/** What a job's work says: it is done, or handed back. Rejecting hands it to another try. */
export type JobWork = (attempt: Attempt, signal: AbortSignal) => Promise<object | null>;

/** One kind of job, with as many in hand at once as it may have. */
export interface Lane {
  readonly queues: () => readonly string[];
  readonly most: number;
  readonly limits?: Limits | undefined;
  readonly work: JobWork;
}

interface InHand {
  readonly attempt: Attempt;
  readonly ending: AbortController;
  readonly done: Promise<void>;
}

/** What a worker is told of besides jobs. */
export interface Message {
  readonly queue?: string;
  /** Runs that are to end. */
  readonly stop?: string;
  /** A run of which a source has ended. */
  readonly ended?: string;
  /** Jobs that were taken away. */
  readonly lost?: readonly string[];
  /** Something about the queues has changed. */
  readonly changed?: true;
}

/** Takes jobs, keeps their leases, and gives them back. */
export class JobLoop {
  readonly #place: QueuePlace;
  readonly #logger: Logger;
  readonly #lanes: readonly Lane[];
  readonly #inHand = new Map<Lane, Map<string, InHand>>();
  readonly #settler: Settler;
  readonly #stopped = new AbortController();
  readonly #pumping = new Map<Lane, Promise<void>>();
  readonly #again = new Set<Lane>();
  readonly #onMessage: (message: Message) => void;
  #turn = 0;
  paused = false;
  taken = 0;
  lost = 0;

  constructor(place: QueuePlace, lanes: readonly Lane[], logger: Logger, onMessage: (message: Message) => void) {
    this.#place = place;
    this.#logger = logger;
    this.#lanes = lanes;
    this.#onMessage = onMessage;
    this.#settler = new Settler(place, logger);
    for (const lane of lanes) this.#inHand.set(lane, new Map());
  }

  inHand(lane: Lane): readonly Attempt[] {
    return [...(this.#inHand.get(lane)?.values() ?? [])].map(({ attempt }) => attempt);
  }

  /** Works until `stop`. */
  async start(): Promise<AsyncDisposable> {
    const hear = (payload: string) => {
      const message = JSON.parse(payload) as Message;
      for (const id of message.lost ?? []) this.lose(id);
      this.#onMessage(message);
      this.pumpAll();
    };
    const listening = await this.#place.db.listen?.(jobsChannel, hear, () => this.pumpAll());
    const look = setInterval(() => this.pumpAll(), lookMs * (0.75 + Math.random() / 2));
    const beat = setInterval(() => void this.#beat(), this.#place.config.QUEUE_LEASE / 4);
    this.pumpAll();
    return {
      async [Symbol.asyncDispose]() {
        clearInterval(look);
        clearInterval(beat);
        await listening?.close();
      },
    };
  }

  pumpAll(): void {
    for (const lane of this.#lanes) this.pump(lane);
  }

  pump(lane: Lane): void {
    if (this.#stopped.signal.aborted || this.paused) return;
    if (this.#pumping.has(lane)) {
      this.#again.add(lane);
      return;
    }
    const pumping = this.#take(lane)
      .catch((cause: unknown) => this.#logger.debug({ err: cause }, "The queue does not answer; looking again."))
      .finally(() => {
        this.#pumping.delete(lane);
        if (this.#again.delete(lane)) this.pump(lane);
      });
    this.#pumping.set(lane, pumping);
  }

  /** Ends the try at a job that was taken away. */
  lose(id: string): void {
    for (const jobs of this.#inHand.values()) {
      const found = jobs.get(id);
      if (!found || found.ending.signal.aborted) continue;
      this.lost += 1;
      found.ending.abort(new HandedBack("The job was taken away: another worker has it, or its run was ended."));
    }
  }

  /** Takes no more; hands `atOnce` back now, finishes the others for that long, and hands back what is left. */
  async stop(graceMs: number, atOnce: Lane): Promise<void> {
    this.#stopped.abort();
    await Promise.all(this.#pumping.values());
    const all = [...this.#inHand.values()].flatMap((jobs) => [...jobs.values()]);
    const handBack = ({ ending }: InHand) => ending.abort(new HandedBack("The worker was asked to end."));
    for (const job of this.#inHand.get(atOnce)?.values() ?? []) handBack(job);
    const ended = Promise.all(all.map(({ done }) => done));
    const timer = new AbortController();
    await Promise.race([ended, sleep(graceMs, undefined, { signal: timer.signal }).catch(() => {})]);
    timer.abort();
    for (const job of all) handBack(job);
    // What does not listen to its signal is left to its lease.
    await Promise.race([ended, sleep(2_000, undefined, { ref: false })]);
    await this.#settler.flush();
  }

  async #take(lane: Lane): Promise<void> {
    const jobs = this.#inHand.get(lane) as Map<string, InHand>;
    const queues = lane.queues();
    for (let empty = 0; empty < queues.length; ) {
      const free = lane.most - jobs.size;
      if (free <= 0 || this.#stopped.signal.aborted || this.paused) return;
      const queue = queues[this.#turn++ % queues.length] as string;
      const found = await fetchJobs(this.#place, queue, free, lane.limits);
      for (const attempt of found) this.#begin(lane, jobs, attempt);
      empty = found.length === 0 ? empty + 1 : 0;
    }
  }

  #begin(lane: Lane, jobs: Map<string, InHand>, attempt: Attempt): void {
    this.taken += 1;
    const ending = new AbortController();
    const done = this.#work(lane, attempt, ending.signal).finally(() => {
      if (jobs.get(attempt.id)?.attempt === attempt) jobs.delete(attempt.id);
      this.pump(lane);
    });
    jobs.set(attempt.id, { attempt, ending, done });
  }

  async #work(lane: Lane, attempt: Attempt, signal: AbortSignal): Promise<void> {
    try {
      // Whoever had it before may be in the middle of a save.
      if (attempt.retryCount > 0) await evict(this.#place, attempt.id);
      const output = await lane.work(attempt, signal);
      await this.#settler.done(attempt, output);
    } catch (cause) {
      this.#logger.debug(
        { err: cause, job: attempt.id },
        `A try at job ${attempt.id} of ${attempt.queue} ended early.`,
      );
      await this.#settler.back(attempt, signal.aborted || cause instanceof HandedBack ? null : cause);
    }
  }

  /** A sign of life for all that is in hand. What is not this worker's any more is ended. */
  async #beat(): Promise<void> {
    const all = this.#lanes.flatMap((lane) => this.inHand(lane));
    if (all.length === 0) return;
    const sql = `UPDATE ${schema}.job AS job SET heartbeat_on = now()
      FROM unnest($1::text[], $2::uuid[], $3::int[]) AS held (name, id, attempt)
      WHERE job.name = held.name AND job.id = held.id AND job.state = 'active' AND job.retry_count = held.attempt RETURNING job.id`;
    const columns = [all.map(({ queue }) => queue), all.map(({ id }) => id), all.map(({ retryCount }) => retryCount)];
    const alive = await this.#place.sql<{ id: string }>(sql, columns).catch(() => null);
    if (!alive) return;
    const held = new Set(alive.map(({ id }) => id));
    for (const { id } of all) if (!held.has(id) && !this.#settler.knows(id)) this.lose(id);
  }
}
