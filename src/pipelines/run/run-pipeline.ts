import { hostname } from "node:os";
import type { RunRecord, RunRequest } from "../../contracts/ledger.ts";
import { NotFoundError } from "../../errors.ts";
import type { PipelineDefinition } from "../definition.ts";
import { toMs } from "../duration.ts";
import { instantOf, instantText } from "../incremental/instant.ts";
import { noRun } from "../ledger/no-run.ts";
import type { ReadyStep } from "../normalize.ts";
import type { RunOptions } from "../pipeline.ts";
import type { RunResult } from "../result.ts";
import { RunFailure } from "../run-failure.ts";
import { logListener } from "../show/log.ts";
import { showListener } from "../show/show.ts";
import { telemetryListener } from "../show/telemetry.ts";
import { backfillParts } from "../steps/ranges.ts";
import { overBudget } from "./budget.ts";
import { claimPipeline } from "./claim.ts";
import { ending, passOn } from "./ending.ts";
import { teller, withFields } from "./events.ts";
import { execute } from "./execute.ts";
import { keptError } from "./kept-error.ts";
import { Meter } from "./meter.ts";
import { rememberWork } from "./once.ts";
import { queueEngine } from "./queue-engine.ts";
import { resultOf } from "./result.ts";
import { newRunId } from "./run-id.ts";
import type { Seat, Session } from "./session.ts";
import { type Surroundings, surround } from "./surroundings.ts";
import { dropBefore, Touches } from "./touches.ts";

/** A definition with its steps made ready. */
export interface Ready {
  readonly definition: PipelineDefinition;
  readonly steps: readonly ReadyStep[];
}

/** What only a step of another pipeline's run says. */
export type InnerOptions = RunOptions & {
  readonly parent?: string;
  /** Of a run that is led by a worker of a queue; `run` is the id it was given there. */
  readonly seat?: (Seat & { readonly run?: string | undefined }) | undefined;
};

/** Which run is wanted: a new one, one by its id, or the last one that can be gone on with. */
export type Wanted = { readonly resume: string | "last" } | { readonly resume?: undefined };

/** Runs a pipeline once, or goes on with a run. Rejects with a RunFailure, or with the reason for which it was stopped. */
export async function runPipeline(ready: Ready, wanted: Wanted, options: InnerOptions): Promise<RunResult> {
  const { name, onOverlap = "fail", deadline } = ready.definition;
  await using around = await surround(name, options);
  const { ledger } = around;
  if (around.config.QUEUE !== "none" && !options.seat) {
    return (await queueEngine()).follow(ready, wanted, options, around);
  }
  using waiting = ending({ outer: [options.signal], what: `The run of ${name}`, signals: options.signals ?? true });
  let asked: NodeJS.Signals | undefined;
  try {
    await using claim = await claimPipeline(ledger, name, { onOverlap, signal: waiting.signal });
    if (!claim) return skippedResult(ready, around);
    const { onLost } = options.seat ?? {};
    if (onLost) claim.lost.addEventListener("abort", onLost, { once: true });
    using end = ending({
      outer: [waiting.signal],
      deadlineMs: deadline === undefined ? undefined : toMs(deadline),
      what: `The run of ${name}`,
      claim,
    });
    return await runClaimed(ready, wanted, options, around, end.signal);
  } finally {
    asked = waiting.asked;
    waiting[Symbol.dispose]();
    passOn(asked);
  }
}

async function runClaimed(
  ready: Ready,
  wanted: Wanted,
  options: InnerOptions,
  around: Surroundings,
  signal: AbortSignal,
): Promise<RunResult> {
  const { definition, steps } = ready;
  const { ledger, config, factory } = around;
  const { name, undoable = false } = definition;
  const record = await beginOrResume(ready, wanted, options, around);
  const { id } = record;
  const logger = withFields(around.logger, { run: id, pipeline: name });
  await using telemetry = await telemetryListener();
  await using show = await showListener(
    options.show,
    steps.map((step) => step.name),
  );
  const tell = teller(
    [
      ...[telemetry.listener, show.listener, logListener(logger, show.mode)],
      ...[options.onEvent, options.seat?.onEvent].filter((each) => each !== undefined),
    ],
    logger,
  );
  const session: Session = {
    ...{ id, pipeline: name, factory, config, logger, ledger, request: record.request, began: record.began, signal },
    touches: options.seat?.touches(undoable) ?? new Touches(undoable),
    seat: options.seat,
    resumed: record.resumed > 0,
    emit: (event) => tell({ at: new Date(), run: id, pipeline: name, ...event }),
    once: options.seat?.once ?? rememberWork(),
    offered: new Set(),
  };
  const started = performance.now();
  session.emit({
    type: "run-started",
    version: record.version,
    resumed: record.resumed > 0,
    steps: steps.map((step) => step.name),
  });
  using meter = new Meter();
  const { state, rows, bytes, cause } = await execute(session, steps);
  const error = cause === undefined ? null : keptError(cause, config);
  const { spent } = meter;
  await ledger.endRun(id, { state, rows, bytes, error, spent });
  const durationMs = performance.now() - started;
  session.emit({ type: "run-ended", state, rows, bytes, durationMs, error, spent, over: overBudget(spent, config) });
  for (const touch of await ledger.prune(name, config.LEDGER_KEEP)) await dropBefore(session, touch);
  const hook = state === "done" ? definition.onSuccess : definition.onFailure;
  const ended = { ...record, state, rows, bytes, error, spent, ended: new Date() };
  // Whoever follows a run through a queue reads what came of it by itself.
  const result = options.seat && !hook ? { ...ended, steps: [], cause } : await resultOf(ledger, ended, cause);
  await callHook(hook, result, session);
  if (state === "done") return result;
  throw state === "stopped" ? cause : new RunFailure(result);
}

/** The run's row: a new one, or that of a run which ended early. */
async function beginOrResume(
  ready: Ready,
  wanted: Wanted,
  options: InnerOptions,
  { ledger }: Surroundings,
): Promise<RunRecord> {
  const { name, version = "1" } = ready.definition;
  const by = `${hostname()} ${process.pid}`;
  const given = options.seat?.run;
  const known = given === undefined ? null : await ledger.run(given);
  const id = known
    ? known.id
    : wanted.resume === undefined
      ? await interruptedBefore(ready, options, ledger)
      : await resumable(name, wanted.resume, ledger);
  if (id !== undefined) {
    await ledger.resumeRun(id, by);
    const record = await ledger.run(id);
    if (record) return record;
  }
  const request = requestOf(ready, options);
  const run = {
    id: given ?? newRunId(),
    pipeline: name,
    version,
    by,
    request,
    parent: options.parent ?? null,
  };
  await ledger.beginRun(run);
  return {
    ...run,
    state: "running",
    began: new Date(),
    ended: null,
    resumed: 0,
    rows: 0,
    bytes: 0,
    error: null,
    spent: null,
  };
}

/** The last run when it was killed or stopped on its way, where it has to be finished first. */
async function interruptedBefore(
  { definition, steps }: Ready,
  options: InnerOptions,
  ledger: Surroundings["ledger"],
): Promise<string | undefined> {
  const { name, onInterrupted = steps.some(isNeverTheSameTwice) ? "resume" : "restart" } = definition;
  if (onInterrupted === "restart" || options.from !== undefined || options.to !== undefined) return undefined;
  const [last] = await ledger.runs({ pipeline: name, limit: 1 });
  return last && ["interrupted", "stopped", "running"].includes(last.state) ? last.id : undefined;
}

/** An append without a cursor adds its rows once more whenever it is done anew. */
function isNeverTheSameTwice({ work }: ReadyStep): boolean {
  if (work.kind === "copy") return work.copy.mode === "append" && !work.copy.incremental;
  return work.kind === "calculate" && work.calculate.mode === "append" && !work.calculate.incremental;
}

export async function resumable(pipeline: string, wanted: string, ledger: Surroundings["ledger"]): Promise<string> {
  const found = wanted === "last" ? (await ledger.runs({ pipeline, limit: 1 }))[0] : await ledger.run(wanted);
  const can = found?.pipeline === pipeline && ["failed", "stopped", "interrupted", "running"].includes(found.state);
  if (found && can) return found.id;
  if (!found && wanted !== "last") throw await noRun(ledger, wanted);
  const what = !found
    ? `${pipeline} has no run yet.`
    : found.pipeline !== pipeline
      ? `Run ${found.id} is one of ${found.pipeline}.`
      : `Run ${found.id} is ${found.state}: there is nothing left to do.`;
  throw new NotFoundError(what, {
    code: "RUN_NOT_FOUND",
    hint: "See pipeline.runs() or `millrace runs`, or begin a new one.",
  });
}

/** @throws ConfigError for a range that is none, or that a step can't keep to: before anything is begun. */
export function requestOf({ steps }: Ready, { from, to, sources }: RunOptions): RunRequest {
  const request = {
    ...(from !== undefined && { from: instantText(instantOf(from, "from")) }),
    ...(to !== undefined && { to: instantText(instantOf(to, "to")) }),
    ...(sources && { sources: [...sources] }),
  };
  for (const { work } of steps) {
    if (work.kind === "copy") backfillParts(request, work.copy.incremental, "");
    if (work.kind === "calculate") backfillParts(request, work.calculate.incremental, "");
  }
  return request;
}

export async function skippedResult({ definition }: Ready, { ledger, logger }: Surroundings): Promise<RunResult> {
  const { name, version = "1" } = definition;
  const [other] = await ledger.runs({ pipeline: name, limit: 1 });
  logger.info({ pipeline: name }, `${name} was not run: run ${other?.id ?? "of another process"} is under way.`);
  const now = new Date();
  return {
    ...{ id: "", pipeline: name, version, state: "skipped", began: now, ended: now, resumed: 0, by: "", request: {} },
    ...{ parent: null, rows: 0, bytes: 0, error: null, steps: [], cause: undefined },
  };
}

async function callHook(
  hook: PipelineDefinition["onSuccess"],
  result: RunResult,
  { logger, config }: Session,
): Promise<void> {
  try {
    await hook?.(result, { logger, config });
  } catch (cause) {
    const name = result.state === "done" ? "onSuccess" : "onFailure";
    logger.error(
      { err: cause },
      `${name} of ${result.pipeline} failed: ${cause instanceof Error ? cause.message : String(cause)}`,
    );
  }
}
