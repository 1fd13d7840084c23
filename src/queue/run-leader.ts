import type { RunState } from "../contracts/ledger.ts";
import { ConflictError, MillraceError } from "../errors.ts";
import { keptError } from "../pipelines/run/kept-error.ts";
import { type Ready, runPipeline } from "../pipelines/run/run-pipeline.ts";
import { RunFailure } from "../pipelines/run-failure.ts";
import { endHolders, fenceOf } from "./fence.ts";
import { HandedBack } from "./handed-back.ts";
import type { Attempt, RunJob, RunOutput } from "./jobs.ts";
import { runWide } from "./run-wide.ts";
import { spreadSources } from "./spread.ts";
import { Tally } from "./tally.ts";
import type { WorkerParts } from "./worker-parts.ts";

/** There is nothing to go on with. */
const over: readonly RunState[] = ["done", "undone"];
const ended: readonly RunState[] = [...over, "failed", "stopped"];

/** Kind of the lock that a run's process holds on its pipeline. */
const claiming = 7105108102;

/** Leads runs: gives the sources of each step away, goes on when all have ended, and closes the run. */
export class RunLeader {
  readonly #parts: WorkerParts;
  readonly #stops = new Map<string, AbortController>();
  readonly #tallies = new Map<string, Tally>();

  constructor(parts: WorkerParts) {
    this.#parts = parts;
  }

  /** Ends a run that is led here; it can be gone on with. */
  stop(run: string): void {
    this.#stops.get(run)?.abort(new Stopped(`The run ${run} was asked to end.`));
  }

  /** So many sources of that run have ended somewhere. */
  heard(run: string, count: number): void {
    this.#tallies.get(run)?.add(count);
  }

  async work(attempt: Attempt<RunJob>, signal: AbortSignal): Promise<RunOutput> {
    const { place, ledger, factory, config, logger, notices, pipelines } = this.#parts;
    const { pipeline, run, request, resume, waits } = attempt.data;
    const known = await ledger.run(run);
    if (known && (resume ? over : ended).includes(known.state)) return { run };
    const found = pipelines.get(pipeline);
    if (!found) throw new Error(`This worker has no pipeline "${pipeline}".`);
    const ready: Ready = waits ? { ...found, definition: { ...found.definition, onOverlap: "wait" } } : found;
    const fence = fenceOf(place, attempt);
    if (attempt.retryCount > 0) await this.#endEarlierLeader(pipeline, run);
    const stop = new AbortController();
    const claim = new AbortController();
    const given = AbortSignal.any([signal, claim.signal]);
    this.#stops.set(run, stop);
    const spread = new Set<string>();
    const wide = runWide(run, ledger);
    try {
      const result = await runPipeline(
        ready,
        {},
        {
          ...{ factory, logger, ledger: ledger.fenced(fence.sql, given), show: "none", signals: false, ...request },
          signal: AbortSignal.any([given, stop.signal]),
          seat: {
            ...{ run, fence, ...wide },
            spread: (scope, sources) => {
              spread.add(scope.session.id);
              return spreadSources(place, scope, sources, {
                version: pipelines.get(scope.session.pipeline)?.definition.version ?? "1",
                leader: `${attempt.id}/${scope.session.id}`,
                tally: this.#tallyOf(scope.session.id),
              });
            },
            onLost: () => claim.abort(new HandedBack("The server was lost, so that another worker may lead the run.")),
            onEvent: (event) => notices.tell(run, event),
          },
        },
      );
      return result.state === "skipped" ? { skipped: true } : { run: result.id };
    } catch (cause) {
      if (given.aborted) throw new HandedBack("The run was handed back.", { cause });
      if (cause instanceof ConflictError && cause.code === "LEASE_LOST") throw cause;
      if (cause instanceof RunFailure) return { run: cause.result.id };
      if (stop.signal.aborted) return { run };
      if (cause instanceof MillraceError && cause.retryable && cause.code !== "RUN_OVERLAP") throw cause;
      const { name, message, code, hint } = keptError(cause, config);
      // Not every run is followed.
      logger.error({ err: cause, run, pipeline }, `Run ${run} of ${pipeline} was not begun: ${message}`);
      return { run, error: { name, message, ...(code && { code }), ...(hint !== undefined && { hint }) } };
    } finally {
      this.#stops.delete(run);
      for (const id of spread) this.#tallies.delete(id);
      await notices.flush();
    }
  }

  /** A leader that hangs still holds the pipeline. It is ended only while the run that it holds is this one. */
  async #endEarlierLeader(pipeline: string, run: string): Promise<void> {
    const { place, ledger } = this.#parts;
    const [last] = await ledger.runs({ pipeline, limit: 1 });
    if (last?.id === run && last.state === "running") await endHolders(place, `pipeline ${pipeline}`, claiming);
  }

  #tallyOf(run: string): Tally {
    const tally = this.#tallies.get(run) ?? new Tally();
    this.#tallies.set(run, tally);
    return tally;
  }
}

class Stopped extends Error {
  override readonly name = "AbortError";
}
