import { inParallel } from "../../calculation/parallel.ts";
import type { SourceRecord, StepState } from "../../contracts/ledger.ts";
import { abortable } from "../../system/abort.ts";
import { FailedElsewhere, isRetryable, keptError } from "./kept-error.ts";
import { Part } from "./part.ts";
import { pause, waitAfter } from "./retry.ts";
import type { StepScope } from "./session.ts";

/** One source to be worked on. */
export interface SourceWork {
  readonly source: string;
  /** The name in the storage, where `source` says a window too. */
  readonly of?: string;
  work(part: Part): Promise<unknown>;
}

/** What came of the sources of a step. */
export interface SourceTotals {
  readonly rows: number;
  readonly bytes: number;
  readonly failures: readonly { readonly source: string; readonly cause: unknown }[];
}

/**
 * Works on sources, each with a state and tries of its own; what the ledger has as done is not done again. One that fails stops no
 * other. Rejects only when the run or the step is to end.
 */
export async function runSources(scope: StepScope, listed: readonly SourceWork[]): Promise<SourceTotals> {
  const { session, step, signal } = scope;
  const { spread, only } = session.seat ?? {};
  // Items that a function works on stay with it.
  const one = listed.find(({ source }) => source === only?.source);
  const sources = one ? [one] : listed;
  // What was never begun is not known either.
  const records = one && only?.tries === 0 ? [] : await session.ledger.sources(session.id, step.name, one?.source);
  const known = new Map(records.map((each) => [each.source, each]));
  const isDone = ({ source }: SourceWork) => ["done", "skipped"].includes(known.get(source)?.state ?? "");
  const left = sources.filter((each) => !isDone(each));
  if (!only) {
    session.emit({ type: "step-sources", step: step.name, total: sources.length, done: sources.length - left.length });
  }
  if (spread && step.work.kind !== "pipeline") {
    const least = session.resumed ? 1 : 0;
    const given = left.map(({ source, of = source }) => {
      return { source, of, tries: Math.max(known.get(source)?.attempts ?? 0, least) };
    });
    if (left.length > 0) await spread(scope, given);
    signal.throwIfAborted();
    return spreadTotals(scope, sources);
  }
  const ended = await inParallel(left, step.concurrency, signal, (each) =>
    runSource(scope, each, Math.max(known.get(each.source)?.attempts ?? 0, (each === one && only?.tries) || 0)),
  );
  signal.throwIfAborted();
  const failures = ended
    .filter(({ cause }) => cause !== undefined)
    .map(({ record, cause }) => ({ source: record.source, cause }));
  const all = [
    ...sources.filter(isDone).map(({ source }) => known.get(source) as SourceRecord),
    ...ended.map(({ record }) => record),
  ];
  const sum = (value: (record: SourceRecord) => number) => all.reduce((total, record) => total + value(record), 0);
  return { rows: sum(({ rows }) => rows), bytes: sum(({ bytes }) => bytes), failures };
}

/** What became of sources elsewhere, as the ledger has it. */
async function spreadTotals({ session, step }: StepScope, sources: readonly SourceWork[]): Promise<SourceTotals> {
  const wanted = new Set(sources.map(({ source }) => source));
  const { count, failed, rows, bytes } = await session.ledger.sourceTotals(session.id, step.name);
  if (failed === 0 && count === wanted.size) return { rows, bytes, failures: [] };
  const all = await session.ledger.sources(session.id, step.name);
  // The items of a function are its sources, too.
  const counted = wanted.has("*") ? all : all.filter(({ source }) => wanted.has(source));
  const sum = (value: (record: SourceRecord) => number) => counted.reduce((total, record) => total + value(record), 0);
  const failures = all
    .filter(({ source, state }) => wanted.has(source) && state === "failed")
    .map(({ source, error }) => ({ source, cause: error ? new FailedElsewhere(error) : new Error("It failed.") }));
  return { rows: sum(({ rows }) => rows), bytes: sum(({ bytes }) => bytes), failures };
}

interface Ended {
  readonly record: SourceRecord;
  /** Undefined when it did not fail. */
  readonly cause: unknown;
}

async function runSource(scope: StepScope, { source, work }: SourceWork, before: number): Promise<Ended> {
  const { session, step, signal } = scope;
  const { ledger, config } = session;
  const began = performance.now();
  for (let tries = 1; ; tries++) {
    const attempts = before + tries;
    const part = new Part(scope, source, attempts > 1 ? session.began.toISOString() : undefined);
    const record = (state: StepState, cause?: unknown): SourceRecord => ({
      ...{ run: session.id, step: step.name, source, state, attempts },
      ...{ rows: part.rows, bytes: part.bytes, durationMs: performance.now() - began },
      ...{ error: cause === undefined ? null : keptError(cause, config), cursor: part.cursor, note: part.note },
    });
    const end = async (state: StepState, cause?: unknown): Promise<Ended> => {
      const ended = record(state, cause);
      await ledger.putSource(ended);
      const { rows, bytes, durationMs, error, note } = ended;
      session.emit({
        type: "source-ended",
        step: step.name,
        source,
        state,
        rows,
        bytes,
        durationMs,
        attempts,
        error,
        note,
      });
      return { record: ended, cause };
    };
    await ledger.putSource(record("running"));
    session.emit({ type: "source-started", step: step.name, source, attempt: attempts });
    try {
      await abortable(Promise.resolve(work(part)), signal);
      return await end(part.skipped ? "skipped" : "done");
    } catch (cause) {
      if (signal.aborted) return end("stopped");
      if (!isRetryable(cause) || tries >= step.retries.attempts)
        return end("failed", cause ?? new Error("It failed without a reason."));
      const waitMs = waitAfter(tries, step.retries, cause);
      const error = keptError(cause, config);
      session.emit({ type: "source-retrying", step: step.name, source, attempt: attempts, waitMs, error });
      await ledger.putSource({ ...record("running"), error });
      await pause(waitMs, signal).catch(() => {});
      if (signal.aborted) return end("stopped");
    }
  }
}
