import type { Claim } from "../../contracts/ledger.ts";
import { RunError, UnavailableError } from "../../errors.ts";

/** What can end a run or a step early, in one signal. Dispose of it. */
export interface Ending extends Disposable {
  readonly signal: AbortSignal;
  /** The signal of the system that asked the process to end, where nothing else in the program listened for it. */
  readonly asked: NodeJS.Signals | undefined;
}

interface EndingOptions {
  readonly outer?: readonly (AbortSignal | undefined)[];
  readonly deadlineMs?: number | undefined;
  /** In the words of an error: `The run of daily-prices`. */
  readonly what: string;
  readonly claim?: Claim | undefined;
  /** Whether SIGTERM and SIGINT end it. */
  readonly signals?: boolean;
}

const listened = ["SIGTERM", "SIGINT"] as const;

/** Runs of this process that listen now. Their listeners are none that would end the process. */
let listening = 0;

export function ending({ outer = [], deadlineMs, what, claim, signals = false }: EndingOptions): Ending {
  const own = new AbortController();
  let ended = false;
  let asked: NodeJS.Signals | undefined;
  const late = () =>
    own.abort(new RunError(`${what} took longer than its deadline of ${deadlineMs} ms.`, { code: "RUN_DEADLINE" }));
  const timer = deadlineMs === undefined ? undefined : setTimeout(late, deadlineMs);
  const lost = () =>
    own.abort(
      new UnavailableError(`${what} was ended: the ledger's server was lost, so that another process may run it now.`, {
        cause: claim?.lost.reason,
      }),
    );
  claim?.lost.addEventListener("abort", lost, { once: true });
  // Before it is called: a listener that is called once is gone by then.
  const cared = new Set(listened.filter((signal) => process.listenerCount(signal) > listening + willing()));
  const onSignal = (signal: (typeof listened)[number]) => {
    if (!cared.has(signal)) asked ??= signal;
    own.abort(new Stopped(`${what} was stopped by ${signal}.`));
  };
  if (signals) {
    listening += 1;
    for (const signal of listened) process.on(signal, onSignal);
  }
  const all = [own.signal, ...outer.filter((each) => each !== undefined)];
  return {
    signal: all.length === 1 ? own.signal : AbortSignal.any(all),
    get asked() {
      return asked;
    },
    [Symbol.dispose]() {
      clearTimeout(timer);
      claim?.lost.removeEventListener("abort", lost);
      if (!signals || ended) return;
      ended = true;
      listening -= 1;
      for (const signal of listened) process.off(signal, onSignal);
    },
  };
}

/** The process was asked to end. */
class Stopped extends Error {
  override readonly name = "AbortError";
}

/** Why a process ends that began runs: those of this process end with it, those that workers of a queue have go on. */
export class ProcessEnds extends Error {
  override readonly name = "AbortError";
}

/** A deadline or a lost claim is a failure of the run; everything else that ends it stops it. */
export function isFailure(reason: unknown): boolean {
  return (reason instanceof RunError && reason.code === "RUN_DEADLINE") || reason instanceof UnavailableError;
}

/** What a signal of the system does by itself, once no run of this process listens any more. */
export function passOn(signal: NodeJS.Signals | undefined): void {
  if (signal !== undefined && process.listenerCount(signal) <= willing()) process.kill(process.pid, signal);
}

/** Listeners of the library signal-exit, by which a live view gets its cursor back: where no others are, they let the signal end the process. */
function willing(): number {
  const { [Symbol.for("signal-exit emitter")]: emitter } = globalThis as {
    [key: symbol]: { count?: number } | undefined;
  };
  return emitter?.count ?? 0;
}
