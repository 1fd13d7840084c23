import { setTimeout as sleep } from "node:timers/promises";
import { fieldsOf } from "./server-error.ts";

/** Waits before each further try, at most; they are random, so that two programs do not meet again. */
const waitsMs = [50, 200, 800];

/** Does work again that the server undid because other transactions came between (SQLSTATE 40001). Nothing else is tried again. */
export async function retrySerialization<T>(work: () => Promise<T>, signal?: AbortSignal): Promise<T> {
  for (const waitMs of waitsMs) {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof Error) || fieldsOf(error.cause).code !== "40001") throw error;
      await sleep(waitMs * Math.random());
      signal?.throwIfAborted();
    }
  }
  return work();
}
