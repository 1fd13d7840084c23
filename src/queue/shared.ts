import { resolve } from "node:path";
import type { Config } from "../config/settings.ts";
import type { QueuePlace } from "./place.ts";

interface Held {
  readonly place: Promise<QueuePlace>;
  users: number;
  closing: NodeJS.Timeout | undefined;
}

/** Connections stay for a moment after their last use: opening them costs more than a run does. */
const idleMs = 2_000;
const opened = new Map<string, Held>();

/** What this process has open of that queue. Dispose of it. */
export async function useShared(
  config: Config,
  open: () => Promise<QueuePlace>,
): Promise<{ readonly value: QueuePlace } & AsyncDisposable> {
  const { LEDGER, DB_SERVER, DB_PORT, DB_NAME, DB_USER, FS_DATA, QUEUE_NAME } = config;
  const key = JSON.stringify([LEDGER, DB_SERVER, DB_PORT, DB_NAME, DB_USER, resolve(FS_DATA), QUEUE_NAME]);
  const held = opened.get(key) ?? { place: open(), users: 0, closing: undefined };
  opened.set(key, held);
  clearTimeout(held.closing);
  held.users += 1;
  const leave = async () => {
    held.users -= 1;
    if (held.users > 0) return;
    held.closing = setTimeout(() => {
      opened.delete(key);
      void held.place.then((place) => place[Symbol.asyncDispose]()).catch(() => {});
    }, idleMs);
    held.closing.unref();
  };
  try {
    return { value: await held.place, [Symbol.asyncDispose]: leave };
  } catch (cause) {
    opened.delete(key);
    throw cause;
  }
}
