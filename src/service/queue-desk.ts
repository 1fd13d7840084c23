import { NotFoundError } from "../errors.ts";
import type { QueueStatus } from "../queue/operate.ts";
import type { QueueControl, Queues } from "../queue/queue.ts";
import { didYouMean } from "../system/nearest.ts";
import type { ServiceContext } from "./context.ts";

/** What can be done with a queue from here. */
export const queueActions = ["pause", "resume", "redrive", "purge", "purge-dead"] as const;
export type QueueAction = (typeof queueActions)[number];

/** Looks after the queues. They are opened when they are first asked for, and again after their server was away. */
export class QueueDesk implements AsyncDisposable {
  readonly #context: ServiceContext;
  #opened: Promise<Queues> | undefined;

  constructor(context: ServiceContext) {
    this.#context = context;
  }

  async list(): Promise<QueueStatus[]> {
    const queues = await this.#open();
    return Promise.all((await queues.names()).map((name) => queues.named(name).status()));
  }

  async status(name: string): Promise<QueueStatus> {
    return (await this.#queue(name)).status();
  }

  /** Resolves with what was done, in words. */
  async act(name: string, action: QueueAction): Promise<string> {
    const queue = await this.#queue(name);
    switch (action) {
      case "pause":
        await queue.pause();
        return `Workers take nothing more out of ${name}, and finish what they have in hand.`;
      case "resume":
        await queue.resume();
        return `Workers take from ${name} again.`;
      case "redrive":
        return wentOn(await queue.redrive());
      case "purge":
        return removed(await queue.purge(), "that waited");
      case "purge-dead":
        return removed(await queue.purge({ dead: true }), "that could not be done");
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await (await this.#opened?.catch(() => undefined))?.[Symbol.asyncDispose]();
  }

  /** @throws NotFoundError */
  async #queue(name: string): Promise<QueueControl> {
    const queues = await this.#open();
    const names = await queues.names();
    if (names.includes(name)) return queues.named(name);
    throw new NotFoundError(`There is no queue "${name}".${didYouMean(name, names)}`, {
      hint: "See the list of queues.",
    });
  }

  #open(): Promise<Queues> {
    const { config, logger } = this.#context;
    this.#opened ??= import("../queue/queue.ts").then(({ openQueues }) => openQueues(config, logger));
    this.#opened.catch(() => {
      this.#opened = undefined;
    });
    return this.#opened;
  }
}

function wentOn(runs: readonly string[]): string {
  if (runs.length === 0) return "There was nothing to go on with.";
  return runs.length === 1 ? `Run ${runs[0]} goes on.` : `${runs.length} runs go on.`;
}

function removed(count: number, which: string): string {
  return count === 1 ? `1 job ${which} was removed.` : `${count} jobs ${which} were removed.`;
}
