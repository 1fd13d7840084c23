import type { Config } from "../config/settings.ts";
import type { Logger } from "../contracts/logger.ts";
import { openLedger } from "../pipelines/ledger/open.ts";
import { purge, type QueueStatus, queueStatus, redrive, setPaused } from "./operate.ts";
import { openPlace } from "./place.ts";
import { requireSharedLedger } from "./refuse.ts";

/** A queue to look at and to look after. Dispose of it. */
export interface Queue extends AsyncDisposable {
  /** What waits, what is worked on, and what could not be done. */
  status(): Promise<QueueStatus>;
  /** Workers take nothing out of it, and finish what they have in hand. */
  pause(): Promise<void>;
  /** Ends a pause. */
  resume(): Promise<void>;
  /** Goes on with the runs of all jobs that could not be done, and resolves with the runs' ids. */
  redrive(): Promise<string[]>;
  /** Removes what waits, or with `dead` what could not be done; resolves with how many jobs. */
  purge(options?: { readonly dead?: boolean }): Promise<number>;
}

/** Opens the queue that the config names, or the one of that name. */
export async function openQueue(config: Config, logger: Logger, name: string = config.QUEUE_NAME): Promise<Queue> {
  requireSharedLedger(config);
  await using made = new AsyncDisposableStack();
  made.use(await openLedger(config, logger));
  const place = made.use(await openPlace(config, logger));
  const opened = made.move();
  return {
    status: () => queueStatus(place, name),
    pause: () => setPaused(place, name, true),
    resume: () => setPaused(place, name, false),
    redrive: () => redrive(place, name),
    purge: (options) => purge(place, name, options),
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  };
}
