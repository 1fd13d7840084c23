import { setTimeout as sleep } from "node:timers/promises";
import type { Logger } from "../contracts/logger.ts";
import { ConflictError, RunError, UnavailableError } from "../errors.ts";
import type { RunOptions } from "../pipelines/pipeline.ts";
import type { RunResult } from "../pipelines/result.ts";
import { ending, ProcessEnds, passOn } from "../pipelines/run/ending.ts";
import { teller, withFields } from "../pipelines/run/events.ts";
import { FailedElsewhere } from "../pipelines/run/kept-error.ts";
import type { QueueEngine } from "../pipelines/run/queue-engine.ts";
import { resultOf } from "../pipelines/run/result.ts";
import { newRunId } from "../pipelines/run/run-id.ts";
import { type Ready, requestOf, resumable, skippedResult, type Wanted } from "../pipelines/run/run-pipeline.ts";
import type { Surroundings } from "../pipelines/run/surroundings.ts";
import { RunFailure } from "../pipelines/run-failure.ts";
import { logListener } from "../pipelines/show/log.ts";
import { showListener } from "../pipelines/show/show.ts";
import type { RunJob, RunOutput } from "./jobs.ts";
import { jobId } from "./names.ts";
import { listenTo } from "./notices.ts";
import { pausedQueues } from "./operate.ts";
import { openPlace, type QueuePlace, schema } from "./place.ts";
import { workersOf } from "./presence.ts";
import { refuseLocal } from "./refuse.ts";
import { useShared } from "./shared.ts";

/** How often is looked whether a run has ended, should the word of it have been missed. */
const lookMs = 500;
/** A run that waits longer for a worker says so. */
const silentMs = 3_000;

/** Puts runs into the queue, and follows them. */
export const queue: QueueEngine = {
  async enqueue(ready, wanted, options, around) {
    await refuseLocal(ready, around.factory);
    await using place = await useShared(around.config, () => openPlace(around.config, around.logger));
    const run = await runIdOf(ready, wanted, around);
    await put(place.value, ready, run, wanted.resume !== undefined, options);
    return run;
  },

  async follow(ready, wanted, options, around) {
    const { name } = ready.definition;
    await refuseLocal(ready, around.factory);
    await using opened = await useShared(around.config, () => openPlace(around.config, around.logger));
    const place = opened.value;
    const run = await runIdOf(ready, wanted, around);
    using end = ending({ outer: [options.signal], what: `The run of ${name}`, signals: options.signals ?? true });
    try {
      return await followRun(place, ready, run, wanted.resume !== undefined, options, around, end.signal);
    } finally {
      const { asked } = end;
      end[Symbol.dispose]();
      passOn(asked);
    }
  },
};

async function runIdOf({ definition }: Ready, { resume }: Wanted, { ledger }: Surroundings): Promise<string> {
  return resume === undefined ? newRunId() : resumable(definition.name, resume, ledger);
}

async function put(place: QueuePlace, ready: Ready, run: string, resume: boolean, options: RunOptions) {
  const { name: pipeline, version = "1" } = ready.definition;
  const queue = await place.queue({ queue: place.config.QUEUE_NAME, pipeline, version, kind: "runs" });
  const data: RunJob = { pipeline, run, request: requestOf(ready, options), resume };
  // Going on with a run is another job than the run.
  const id = jobId("run", run, resume ? newRunId() : "");
  await place.transaction(async (db) => {
    await place.boss.insert(queue, [{ id, data }], { db });
    await db.executeSql("SELECT pg_catalog.pg_notify($1, $2)", ["millrace_jobs", JSON.stringify({ queue })]);
  });
  return { queue, id };
}

async function followRun(
  place: QueuePlace,
  ready: Ready,
  run: string,
  resume: boolean,
  options: RunOptions,
  around: Surroundings,
  signal: AbortSignal,
): Promise<RunResult> {
  const { name } = ready.definition;
  const logger = withFields(around.logger, { run, pipeline: name });
  await using show = await showListener(
    options.show,
    ready.steps.map((step) => step.name),
  );
  const tell = teller(
    [show.listener, logListener(logger, show.mode), ...(options.onEvent ? [options.onEvent] : [])],
    logger,
  );
  let woken = Promise.withResolvers<void>();
  await using _ = await listenTo(place, run, tell, () => woken.resolve());
  const { queue, id } = await put(place, ready, run, resume, options);
  tell({ type: "run-queued", at: new Date(), run, pipeline: name, queue: place.config.QUEUE_NAME });
  let giveUpAt = Number.POSITIVE_INFINITY;
  const onAbort = () => {
    giveUpAt = performance.now() + 2 * place.config.QUEUE_LEASE;
    woken.resolve();
  };
  if (signal.aborted) onAbort();
  signal.addEventListener("abort", onAbort);
  let tellWaitingAt = performance.now() + silentMs;
  try {
    for (;;) {
      if (signal.reason instanceof ProcessEnds) throw signal.reason;
      if (signal.aborted) await askToStop(place, queue, id, run);
      const ended = await place.boss.getJobById(queue, id).catch(() => undefined);
      if (ended === undefined && performance.now() >= giveUpAt) {
        logger.warn(`The server does not answer, so that run ${run} could not be ended: it may go on.`);
        throw signal.reason;
      }
      if (isWaiting(ended?.state) && performance.now() >= tellWaitingAt) {
        tellWaitingAt = Number.POSITIVE_INFINITY;
        await tellWaiting(place, run, logger);
      }
      // A server that does not answer now may do so again: the workers wait for it as well.
      const output = ended === null ? { error: purged } : outputOf(ended?.state, ended?.output);
      if (output) {
        try {
          return await resultFrom(output, ready, around, signal);
        } catch (cause) {
          // The ledger's server went away between the two: it is asked again, as above.
          if (!(cause instanceof UnavailableError) || signal.aborted) throw cause;
        }
      }
      const pause = new AbortController();
      await Promise.race([
        woken.promise,
        sleep(signal.aborted ? 50 : lookMs, undefined, { signal: pause.signal }).catch(() => {}),
      ]);
      pause.abort();
      if (!signal.aborted) woken = Promise.withResolvers<void>();
      else await sleep(50);
    }
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}

const purged: RunOutput["error"] & object = { name: "RunError", message: "The run was taken out of the queue." };

function outputOf(state: string | undefined, output: object | undefined): RunOutput | null {
  if (state === "completed") return output as RunOutput;
  if (state === "cancelled") return { error: purged };
  if (state !== "failed") return null;
  return { error: { name: "RunError", message: "Every worker that led the run was lost. See the dead-letter queue." } };
}

function isWaiting(state: string | undefined): boolean {
  return state === "created" || state === "retry";
}

/** Else nothing would tell a run that waits from one that hangs. */
async function tellWaiting(place: QueuePlace, run: string, logger: Logger): Promise<void> {
  const queue = place.config.QUEUE_NAME;
  const found = await Promise.all([pausedQueues(place), workersOf(place, queue)]).catch(() => null);
  if (!found) return;
  const [paused, workers] = found;
  const why = paused.has(queue)
    ? "it is paused. `millrace queue resume` ends that."
    : workers.some(({ lost }) => !lost)
      ? "no worker has taken it yet. See `millrace queue status`."
      : "no worker takes from it. Start one: `millrace worker pipelines/*.ts`.";
  logger.warn(`Run ${run} waits in the queue ${queue}: ${why}`);
}

/**
 * One that no worker has begun is taken out, and one whose worker was lost, with its sources: whoever still works on them can save no
 * more. Whoever else leads it is asked to end it.
 */
async function askToStop(place: QueuePlace, queue: string, id: string, run: string): Promise<void> {
  await place.sql(takeOutSql, [queue, id, place.config.QUEUE_LEASE / 1_000]).catch(() => {});
  await place.sql(takeSourcesOutSql, [queue, id, `${place.config.QUEUE_NAME}/`, run]).catch(() => {});
  await place.notify({ stop: run }).catch(() => {});
}

const takeOutSql = `UPDATE ${schema}.job SET state = 'cancelled', completed_on = now() WHERE name = $1 AND id = $2
  AND (state < 'active' OR state = 'active' AND heartbeat_on < now() - $3 * interval '1 second')`;
const takeSourcesOutSql = `WITH RECURSIVE led AS (
    SELECT $4::text AS id UNION SELECT runs.id FROM millrace.runs JOIN led ON runs.parent = led.id)
  UPDATE ${schema}.job SET state = 'cancelled', completed_on = now()
  WHERE EXISTS (SELECT 1 FROM ${schema}.job WHERE name = $1 AND id = $2 AND state = 'cancelled')
    AND starts_with(name, $3) AND data ->> 'run' IN (SELECT id FROM led) AND state <= 'active'`;

async function resultFrom(
  output: RunOutput,
  ready: Ready,
  around: Surroundings,
  signal: AbortSignal,
): Promise<RunResult> {
  if (output.skipped) return skippedResult(ready, around);
  const record = output.run === undefined ? null : await around.ledger.run(output.run);
  if (!record) {
    if (signal.aborted) throw signal.reason;
    const { message, code, hint } = output.error ?? purged;
    const details = hint === undefined ? {} : { hint };
    if (code === "RUN_OVERLAP") throw new ConflictError(message, { ...details, code });
    throw new RunError(message, details);
  }
  const cause = record.error ? new FailedElsewhere(record.error) : undefined;
  const result = await resultOf(around.ledger, record, cause);
  if (record.state === "done") return result;
  if (record.state !== "stopped") throw new RunFailure(result);
  throw signal.aborted ? signal.reason : (cause ?? new RunError(`The run ${record.id} was stopped.`));
}
