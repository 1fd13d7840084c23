import type { Config } from "../config/settings.ts";
import type { Logger } from "../contracts/logger.ts";
import { openLedger } from "../pipelines/ledger/open.ts";
import { purge, type QueueStatus, queueNames, queueStatus, redrive, setPaused } from "./operate.ts";
import { openPlace, type QueuePlace } from "./place.ts";
import { requireSharedLedger } from "./refuse.ts";

/** What can be seen of a queue and done with it. */
export interface QueueControl {
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

/** A queue to look at and to look after. Dispose of it. */
export interface Queue extends QueueControl, AsyncDisposable {}

/** All queues of a database. Dispose of it. */
export interface Queues extends AsyncDisposable {
  /** That of the config among them, though nothing was ever put there. */
  names(): Promise<string[]>;
  named(name: string): QueueControl;
}

/** Opens the queue that the config names, or the one of that name. */
export async function openQueue(config: Config, logger: Logger, name: string = config.QUEUE_NAME): Promise<Queue> {
  const queues = await openQueues(config, logger);
  return { ...queues.named(name), [Symbol.asyncDispose]: () => queues[Symbol.asyncDispose]() };
}

export async function openQueues(config: Config, logger: Logger): Promise<Queues> {
  requireSharedLedger(config);
  await using made = new AsyncDisposableStack();
  made.use(await openLedger(config, logger));
  const place = made.use(await openPlace(config, logger));
  const opened = made.move();
  return {
    names: () => queueNames(place),
    named: (name) => controlOf(place, name),
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  };
}

function controlOf(place: QueuePlace, name: string): QueueControl {
  return {
    status: () => queueStatus(place, name),
    pause: () => setPaused(place, name, true),
    resume: () => setPaused(place, name, false),
    redrive: () => redrive(place, name),
    purge: (options) => purge(place, name, options),
  };
}
