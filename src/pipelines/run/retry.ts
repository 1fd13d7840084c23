import { setTimeout as sleep } from "node:timers/promises";
import type { RetryRule } from "../normalize.ts";

/**
 * How long to wait after the given try: exponential or constant, at most the longest, and random between half of that and all of it,
 * so that many that failed together do not come back together. What a server asked for counts for more.
 */
export function waitAfter(tries: number, { exponential, delayMs, maxDelayMs }: RetryRule, cause: unknown): number {
  const asked = typeof cause === "object" && cause !== null && "retryAfter" in cause ? cause.retryAfter : undefined;
  if (typeof asked === "number" && asked > 0) return Math.min(asked, maxDelayMs);
  const whole = Math.min(maxDelayMs, exponential ? delayMs * 2 ** (tries - 1) : delayMs);
  return whole * (0.5 + Math.random() / 2);
}

/** Waits; an abort ends it with the signal's reason. */
export async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await sleep(ms, undefined, { signal }).catch(() => {});
  signal.throwIfAborted();
}
