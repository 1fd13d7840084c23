import { setTimeout as sleep } from "node:timers/promises";
import type { Logger } from "../contracts/logger.ts";
import { evict } from "./fence.ts";
import { fetchJobs } from "./fetch.ts";
import { HandedBack } from "./handed-back.ts";
import { Hands, type InHand, type Lane } from "./hands.ts";
import type { Attempt } from "./jobs.ts";
import { jobsChannel, type QueuePlace, schema } from "./place.ts";
import { byTry, heldBy, heldSql, type Settler } from "./settle.ts";

/** How often is looked for jobs of which no word came. */
const lookMs = 1_000;
/** What was taken ahead and is not begun after this time is left to other workers. */
const staleMs = 250;
/** So many may wait for the queue to hear that they are done before more are taken. */
const mostSettling = 1_000;

/** What a worker is told of besides jobs. */
export interface Message {
  readonly queue?: string;
  /** Runs that are to end. */
  readonly stop?: string;
  /** A run of which sources have ended, and how many. */
  readonly ended?: { readonly run: string; readonly count: number };
  /** Jobs that were taken away. */
  readonly lost?: readonly string[];
  /** Something about the queues has changed. */
  readonly changed?: true;
}

/** Takes jobs, keeps their leases, and gives them back. */
export class JobLoop {
  readonly #place: QueuePlace;
  readonly #logger: Logger;
  readonly #hands: ReadonlyMap<Lane, Hands>;
  readonly #settler: Settler;
  readonly #stopped = new AbortController();
  readonly #pumping = new Map<Lane, Promise<void>>();
  readonly #again = new Set<Lane>();
  readonly #onMessage: (message: Message) => void;
  /** Queues that nothing was heard of since they were found empty. */
  readonly #empty = new Set<string>();
  #turn = 0;
  paused = false;
  taken = 0;
  lost = 0;

  constructor(
    { place, logger, settler }: { place: QueuePlace; logger: Logger; settler: Settler },
    lanes: readonly Lane[],
    onMessage: (message: Message) => void,
  ) {
    this.#place = place;
    this.#logger = logger;
    this.#settler = settler;
    this.#onMessage = onMessage;
    this.#hands = new Map(lanes.map((lane) => [lane, new Hands()]));
  }

  inHand(lane: Lane): readonly Attempt[] {
    return this.#hands.get(lane)?.all ?? [];
  }

  /** Works until `stop`. */
  async start(): Promise<AsyncDisposable> {
    const hear = (payload: string) => {
      const message = JSON.parse(payload) as Message;
      for (const id of message.lost ?? []) this.lose(id);
      this.#onMessage(message);
      if (message.queue !== undefined) this.#look(message.queue);
    };
    const lookAtAll = () => this.pumpAll();
    const listening = await this.#place.listen(jobsChannel, hear, lookAtAll);
    const look = setInterval(lookAtAll, lookMs * (0.75 + Math.random() / 2));
    const leave = setInterval(() => void this.#leave(performance.now() - staleMs), staleMs);
    const beat = setInterval(() => void this.#beat(), this.#place.config.QUEUE_LEASE / 4);
    this.pumpAll();
    return {
      async [Symbol.asyncDispose]() {
        for (const timer of [look, leave, beat]) clearInterval(timer);
        await listening[Symbol.asyncDispose]();
      },
    };
  }

  pumpAll(): void {
    this.#empty.clear();
    for (const lane of this.#hands.keys()) this.pump(lane);
  }

  #look(queue: string): void {
    this.#empty.delete(queue);
    for (const lane of this.#hands.keys()) if (lane.queues().includes(queue)) this.pump(lane);
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
    for (const { jobs, waiting } of this.#hands.values()) {
      const ahead = waiting.findIndex(({ attempt }) => attempt.id === id);
      if (ahead >= 0) waiting.splice(ahead, 1);
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
    await this.#leave(Number.POSITIVE_INFINITY);
    const all = [...this.#hands.values()].flatMap(({ jobs }) => [...jobs.values()]);
    const handBack = ({ ending }: InHand) => ending.abort(new HandedBack("The worker was asked to end."));
    for (const job of this.#hands.get(atOnce)?.jobs.values() ?? []) handBack(job);
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
    const hands = this.#hands.get(lane) as Hands;
    const queues = lane.queues();
    for (let empty = 0; empty < queues.length; ) {
      const queue = queues[this.#turn++ % queues.length] as string;
      if (this.#empty.has(queue)) {
        empty += 1;
        continue;
      }
      const taken = hands.working + hands.waiting.length;
      const ahead = hands.ahead(lane, queue);
      const settling = hands.jobs.size - hands.working;
      // A statement for each job that ends would cost more than many jobs do.
      const enough = (taken >= lane.most && hands.waiting.length >= ahead / 2) || hands.alone !== null;
      if (enough || settling > mostSettling || this.#stopped.signal.aborted || this.paused) return;
      const wanted = lane.most + ahead - taken;
      // A word that comes while it is asked counts.
      this.#empty.add(queue);
      const found = await fetchJobs(this.#place, queue, wanted, lane.limits).catch((cause: unknown) => {
        this.#empty.delete(queue);
        throw cause;
      });
      // Where places are counted an empty answer may mean that there was none.
      if (found.length === wanted || lane.limits?.size) this.#empty.delete(queue);
      const since = performance.now();
      hands.waiting.push(...found.map((attempt) => ({ attempt, since })));
      this.taken += found.length;
      this.#beginNext(lane, hands);
      empty = found.length === 0 ? empty + 1 : 0;
    }
  }

  #beginNext(lane: Lane, hands: Hands): void {
    if (hands.working === 0) hands.alone = null;
    while (hands.working < lane.most && hands.alone !== "works" && !this.#stopped.signal.aborted) {
      const [next] = hands.waiting;
      if (!next) return;
      if (lane.alone?.(next.attempt)) hands.alone = hands.working > 0 ? "waits" : "works";
      if (hands.alone === "waits") return;
      hands.waiting.shift();
      this.#begin(lane, hands, next.attempt);
    }
    if (hands.alone === "works") void this.#giveBack(hands.waiting.splice(0));
  }

  #begin(lane: Lane, hands: Hands, attempt: Attempt): void {
    const ending = new AbortController();
    const began = performance.now();
    hands.working += 1;
    const free = () => {
      if (job.freed) return;
      job.freed = true;
      hands.working -= 1;
      hands.pace.worked(attempt.queue, performance.now() - began);
      this.#beginNext(lane, hands);
      this.pump(lane);
    };
    const done = this.#work(lane, attempt, ending.signal, () => free()).finally(() => {
      if (hands.jobs.get(attempt.id) === job) hands.jobs.delete(attempt.id);
      free();
    });
    const job: InHand = { attempt, ending, began, done, freed: false };
    hands.jobs.set(attempt.id, job);
  }

  async #work(lane: Lane, attempt: Attempt, signal: AbortSignal, free: () => void): Promise<void> {
    try {
      // Whoever had it before may be in the middle of a save.
      if (attempt.retryCount > 0) await evict(this.#place, attempt.id);
      else await null;
      await lane.work(attempt, signal, free);
    } catch (cause) {
      this.#logger.debug(
        { err: cause, job: attempt.id },
        `A try at job ${attempt.id} of ${attempt.queue} ended early.`,
      );
      await this.#settler.back(attempt, signal.aborted || cause instanceof HandedBack ? null : cause);
    }
  }

  /** Gives back what was taken ahead before that moment. */
  async #leave(before: number): Promise<void> {
    for (const { waiting, alone } of this.#hands.values()) {
      if (alone === "waits" && Number.isFinite(before)) continue;
      const count = waiting.findLastIndex(({ since }) => since < before) + 1;
      await this.#giveBack(waiting.splice(0, count));
    }
  }

  async #giveBack(waiting: readonly { readonly attempt: Attempt }[]): Promise<void> {
    const attempts = waiting.map(({ attempt }) => attempt);
    for (const [queue, all] of Map.groupBy(attempts, (attempt) => attempt.queue)) {
      await this.#settler.release(queue, all, { begun: false });
    }
  }

  /** A sign of life for all that is in hand. What is not this worker's any more is ended. */
  async #beat(): Promise<void> {
    const all = [...this.#hands.values()].flatMap((hands) => hands.all).filter(({ id }) => !this.#settler.knows(id));
    const sql = `UPDATE ${schema}.job SET heartbeat_on = now() WHERE ${heldSql} RETURNING id`;
    for (const attempts of byTry(all)) {
      const alive = await this.#place.sql<{ id: string }>(sql, heldBy(attempts)).catch(() => null);
      if (!alive) continue;
      const held = new Set(alive.map(({ id }) => id));
      for (const { id } of attempts) if (!held.has(id) && !this.#settler.knows(id)) this.lose(id);
    }
  }
}
