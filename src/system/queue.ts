/** A place in a queue of this process. `mine` is false when the turn did not come in time; disposing passes it on. */
export interface Turn extends AsyncDisposable {
  readonly mine: boolean;
}

/** Who waits for which path, first come first served. A path is here while someone has its turn. */
const queues = new Map<string, Set<() => void>>();

/** Waits for this caller's turn at `path` among the callers of this process. Rejects with the signal's reason when aborted. */
export async function joinQueue(path: string, timeoutMs: number, signal?: AbortSignal): Promise<Turn> {
  signal?.throwIfAborted();
  const waiting = queues.get(path);
  if (!waiting) {
    queues.set(path, new Set());
    return turnAt(path);
  }
  if (timeoutMs <= 0) return lateTurn;
  const { promise, resolve, reject } = Promise.withResolvers<Turn>();
  const call = () => resolve(turnAt(path));
  const timer = setTimeout(() => resolve(lateTurn), timeoutMs);
  const onAbort = () => reject(signal?.reason);
  signal?.addEventListener("abort", onAbort, { once: true });
  waiting.add(call);
  try {
    return await promise;
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", onAbort);
    waiting.delete(call);
  }
}

const lateTurn: Turn = { mine: false, async [Symbol.asyncDispose]() {} };

function turnAt(path: string): Turn {
  let passed = false;
  return {
    mine: true,
    async [Symbol.asyncDispose]() {
      if (passed) return;
      passed = true;
      passOn(path);
    },
  };
}

function passOn(path: string): void {
  const waiting = queues.get(path);
  const [next] = waiting ?? [];
  if (!waiting || !next) {
    queues.delete(path);
    return;
  }
  waiting.delete(next);
  next();
}
