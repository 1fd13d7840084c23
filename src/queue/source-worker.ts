import type { SourceRecord } from "../contracts/ledger.ts";
import type { Logger } from "../contracts/logger.ts";
import { RunError } from "../errors.ts";
import { type Listener, teller, withFields } from "../pipelines/run/events.ts";
import type { Ready } from "../pipelines/run/run-pipeline.ts";
import type { Session } from "../pipelines/run/session.ts";
import { logListener } from "../pipelines/show/log.ts";
import { doStep } from "../pipelines/steps/step.ts";
import { fenceOf, ledgerFence } from "./fence.ts";
import type { Attempt, SourceJob } from "./jobs.ts";
import { runWide } from "./run-wide.ts";
import type { WorkerParts } from "./worker-parts.ts";

/** Steps of runs whose memory a worker keeps. */
const keptSteps = 200;
/** A source that takes longer is shown as running. One that is done by then costs no such statement. */
const shownMs = 250;
/** Who waits for sources is told of those that ended in this time together. */
const toldMs = 20;

/** What the sources of one step of one run share. */
interface Work {
  readonly ready: Ready;
  readonly step: Ready["steps"][number];
  readonly logger: Logger;
  readonly tell: Listener;
  readonly wide: Pick<Session, "touches" | "once">;
}

/** Works on one source of one step. */
export class SourceWorker {
  readonly #parts: WorkerParts;
  readonly #works = new Map<string, Work>();
  readonly #wides = new Map<string, Work["wide"]>();
  readonly #telling = new Map<string, number>();

  constructor(parts: WorkerParts) {
    this.#parts = parts;
  }

  async work(attempt: Attempt<SourceJob>, signal: AbortSignal, free: () => void): Promise<void> {
    const { place, ledger, factory, config, notices, settler } = this.#parts;
    const { pipeline, run, source, of = source, tries = 0, request = {}, began } = attempt.data;
    const { step, logger, tell, wide } = this.#workOf(attempt.data);
    const fence = fenceOf(place, attempt);
    const ending = new SourceEnding(attempt, {
      record: (record) => settler.record(attempt, record),
      show: (record) => ledger.fenced(ledgerFence(fence), signal).putSource(record),
      free,
    });
    const onEvent: Listener = (event) => notices.tell(run, event);
    const session: Session = {
      ...{ id: run, pipeline, factory, config, logger, request, began: new Date(began), signal, ...wide },
      ledger: ledger.fenced(ledgerFence(fence), signal, (record) => ending.keep(record)),
      offered: new Set<string>(),
      seat: {
        ...{ fence, onEvent, touches: () => wide.touches, once: wide.once },
        only: { source, of, tries: tries + attempt.retryCount },
      },
      emit: (happening) => {
        const event = { at: new Date(), run, pipeline, ...happening };
        tell(event);
        onEvent(event);
      },
    };
    try {
      await doStep({ session, step, logger, signal });
    } finally {
      await ending.settled();
    }
    signal.throwIfAborted();
    // What the ledger had as done already.
    if (!ending.isRecorded) await settler.done(attempt, null);
    this.#tellEnded(run);
  }

  /** The leader waits for it. */
  #tellEnded(run: string): void {
    const known = this.#telling.get(run);
    this.#telling.set(run, (known ?? 0) + 1);
    if (known !== undefined) return;
    setTimeout(() => {
      const count = this.#telling.get(run) ?? 0;
      this.#telling.delete(run);
      void this.#parts.place.notify({ ended: { run, count } }).catch(() => {});
    }, toldMs).unref();
  }

  #workOf({ pipeline, run, step: name }: SourceJob): Work {
    const key = JSON.stringify([run, name]);
    const known = this.#works.get(key);
    if (known) return known;
    const { pipelines, logger: whole, ledger } = this.#parts;
    const ready = pipelines.get(pipeline);
    const step = ready?.steps.find((each) => each.name === name);
    if (!ready || !step) throw new RunError(`This worker's pipeline "${pipeline}" has no step "${name}".`);
    const logger = withFields(whole, { run, pipeline, step: name });
    let wide = this.#wides.get(run);
    if (!wide) {
      const { once, touches } = runWide(run, ledger);
      wide = { once, touches: touches(ready.definition.undoable ?? false) };
      remember(this.#wides, run, wide);
    }
    const work = { ready, step, logger, tell: teller([logListener(logger, "none")], logger), wide };
    remember(this.#works, key, work);
    return work;
  }
}

function remember<T>(kept: Map<string, T>, key: string, value: T): void {
  kept.set(key, value);
  const [oldest] = kept.keys();
  if (kept.size > keptSteps && oldest !== undefined) kept.delete(oldest);
}

interface EndingWays {
  /** Writes how it ended, with the job's own end. */
  record(record: SourceRecord): Promise<void>;
  /** Writes that it is under way. */
  show(record: SourceRecord): Promise<void>;
  /** The next job may begin. */
  free(): void;
}

/** How the source of a job comes to stand in the ledger: with the job's own end, in one statement with others that end just then. */
class SourceEnding {
  readonly #attempt: Attempt<SourceJob>;
  readonly #to: EndingWays;
  #timer: NodeJS.Timeout | undefined;
  #shown: Promise<void> | undefined;
  isRecorded = false;

  constructor(attempt: Attempt<SourceJob>, to: EndingWays) {
    this.#attempt = attempt;
    this.#to = to;
  }

  /** Undefined for a source that is not the job's own: an item of a function. */
  keep(record: SourceRecord): Promise<void> | undefined {
    const { data } = this.#attempt;
    if (record.source !== data.source || record.step !== data.step) return undefined;
    if (record.state === "running") return this.#running(record);
    return record.state === "stopped" ? undefined : this.#end(record);
  }

  /** Resolves when nothing is written any more that was begun here. */
  async settled(): Promise<void> {
    clearTimeout(this.#timer);
    await this.#shown;
  }

  async #running(record: SourceRecord): Promise<void> {
    await this.settled();
    const show = () => {
      // It is for the eye: what counts is how the source ends.
      this.#shown = this.#to.show(record).catch(() => {});
    };
    if (record.error === null) this.#timer = setTimeout(show, shownMs);
    else show();
  }

  async #end(record: SourceRecord): Promise<void> {
    clearTimeout(this.#timer);
    if (this.#shown) await this.#shown;
    const recorded = this.#to.record(record);
    this.#to.free();
    await recorded;
    this.isRecorded = true;
  }
}
