import { RunError } from "../errors.ts";
import { teller, withFields } from "../pipelines/run/events.ts";
import { keptError } from "../pipelines/run/kept-error.ts";
import type { Session } from "../pipelines/run/session.ts";
import { logListener } from "../pipelines/show/log.ts";
import { doStep } from "../pipelines/steps/step.ts";
import { fenceOf, ledgerFence } from "./fence.ts";
import type { Attempt, SourceJob } from "./jobs.ts";
import { deadName } from "./names.ts";
import { runWide } from "./run-wide.ts";
import type { WorkerParts } from "./worker-parts.ts";

/** Runs whose memory a worker keeps. */
const keptRuns = 100;

/** Works on one source of one step. */
export class SourceWorker {
  readonly #parts: WorkerParts;
  readonly #runs = new Map<string, ReturnType<typeof runWide>>();

  constructor(parts: WorkerParts) {
    this.#parts = parts;
  }

  async work(attempt: Attempt<SourceJob>, signal: AbortSignal): Promise<null> {
    const { place, ledger, factory, config, logger, notices, pipelines } = this.#parts;
    const { pipeline, run, step: name, source, of, request, began } = attempt.data;
    const ready = pipelines.get(pipeline);
    const step = ready?.steps.find((each) => each.name === name);
    if (!ready || !step) throw new RunError(`This worker's pipeline "${pipeline}" has no step "${name}".`);
    const fence = fenceOf(place, attempt);
    const fenced = ledger.fenced(ledgerFence(fence), signal);
    const about = withFields(logger, { run, pipeline, step: name });
    const wide = this.#wide(run);
    const tell = teller([logListener(about, "none")], about);
    const touches = wide.touches(ready.definition.undoable ?? false);
    const onEvent = (event: Parameters<typeof tell>[0]) => notices.tell(run, event);
    const session: Session = {
      ...{ id: run, pipeline, factory, config, logger: about, ledger: fenced, request, began: new Date(began), signal },
      ...{ touches, once: wide.once, offered: new Set<string>() },
      seat: { fence, only: { source, of }, onEvent, touches: () => touches, once: wide.once },
      emit: (happening) => {
        const event = { at: new Date(), run, pipeline, ...happening };
        tell(event);
        onEvent(event);
      },
    };
    const { failures } = await doStep({ session, step, logger: about, signal });
    signal.throwIfAborted();
    const [failure] = failures;
    if (failure) {
      const error = keptError(failure.cause, config);
      await place.boss.send(deadName(config.QUEUE_NAME), { ...attempt.data, error }, {});
    }
    await this.#tellEnded(run);
    return null;
  }

  /** The leader waits for it. Many sources that end together are told of once. */
  #telling = new Set<string>();
  async #tellEnded(run: string): Promise<void> {
    if (this.#telling.has(run)) return;
    this.#telling.add(run);
    setTimeout(() => {
      this.#telling.delete(run);
      void this.#parts.place.notify({ ended: run }).catch(() => {});
    }, 20).unref();
  }

  #wide(run: string): ReturnType<typeof runWide> {
    const known = this.#runs.get(run) ?? runWide(run, this.#parts.ledger);
    this.#runs.set(run, known);
    const [oldest] = this.#runs.keys();
    if (this.#runs.size > keptRuns && oldest !== undefined) this.#runs.delete(oldest);
    return known;
  }
}
