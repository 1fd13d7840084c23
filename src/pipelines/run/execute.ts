import type { KeptError, RunState, StepRecord, StepState } from "../../contracts/ledger.ts";
import type { ReadyStep } from "../normalize.ts";
import { doStep } from "../steps/step.ts";
import { ending, isFailure } from "./ending.ts";
import { withFields } from "./events.ts";
import { keptError } from "./kept-error.ts";
import type { Session } from "./session.ts";

/** How a run ended. */
export interface Executed {
  readonly state: Extract<RunState, "done" | "failed" | "stopped">;
  readonly rows: number;
  readonly bytes: number;
  /** The failure, or the reason for which it was stopped. */
  readonly cause: unknown;
}

/** Runs the steps in order, those that the ledger has as done left out. The first that fails ends the run. */
export async function execute(session: Session, steps: readonly ReadyStep[]): Promise<Executed> {
  const known = new Map((await session.ledger.steps(session.id)).map((step) => [step.name, step]));
  let [rows, bytes] = [0, 0];
  for (const [index, step] of steps.entries()) {
    const before = known.get(step.name);
    if (before?.state === "done") {
      rows += before.rows;
      bytes += before.bytes;
      continue;
    }
    const ended = await runStep(session, step, index, before);
    rows += ended.rows;
    bytes += ended.bytes;
    if (ended.state !== "done") return { ...ended, rows, bytes };
  }
  return { state: "done", rows, bytes, cause: undefined };
}

async function runStep(
  session: Session,
  step: ReadyStep,
  index: number,
  before: StepRecord | undefined,
): Promise<Executed> {
  const { id: run, ledger, config } = session;
  const began = before?.began ?? new Date();
  const started = performance.now();
  const record = (state: StepState, rows = 0, bytes = 0, error: KeptError | null = null): StepRecord => {
    const ended = state === "running" ? null : new Date();
    return { run, index, name: step.name, kind: step.work.kind, state, began, ended, rows, bytes, error };
  };
  const logger = withFields(session.logger, { step: step.name });
  const what = `The step ${step.name} of ${session.pipeline}`;
  using end = ending({ outer: [session.signal], deadlineMs: step.deadlineMs, what });
  await ledger.putStep(record("running"));
  session.emit({ type: "step-started", step: step.name, kind: step.work.kind });
  const finish = async (state: Executed["state"], rows: number, bytes: number, cause?: unknown): Promise<Executed> => {
    const error = cause === undefined ? null : keptError(cause, config);
    await ledger.putStep(record(state, rows, bytes, error));
    const durationMs = performance.now() - started;
    session.emit({ type: "step-ended", step: step.name, state, rows, bytes, durationMs, error });
    return { state, rows, bytes, cause };
  };
  try {
    end.signal.throwIfAborted();
    const { rows, bytes, failures } = await doStep({ session, step, logger, signal: end.signal });
    const [first] = failures;
    return await finish(first ? "failed" : "done", rows, bytes, first?.cause);
  } catch (cause) {
    if (!end.signal.aborted) return finish("failed", 0, 0, cause);
    const { reason } = end.signal;
    return finish(isFailure(reason) ? "failed" : "stopped", 0, 0, reason);
  }
}
