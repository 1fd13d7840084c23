import { setTimeout as sleep } from "node:timers/promises";

/** Waits, but no longer than until the signal is aborted. Never rejects. */
export async function wait(milliseconds: number, signal?: AbortSignal): Promise<void> {
  if (milliseconds <= 0 || signal?.aborted) return;
  await sleep(milliseconds, undefined, signal ? { signal } : {}).catch(() => undefined);
}
