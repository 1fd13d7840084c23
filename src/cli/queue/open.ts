import type { Queue } from "../../queue/queue.ts";
import type { GlobalOptions } from "../options.ts";
import { inSession } from "../session.ts";

/** Gives the work the queue of that name, or the one of the config. */
export function withQueue(
  name: string | undefined,
  options: GlobalOptions,
  work: (queue: Queue, name: string) => Promise<void>,
): Promise<void> {
  return inSession(options, async ({ config, logger }) => {
    const { openQueue } = await import("../../queue/queue.ts");
    await using queue = await openQueue(config, logger, name);
    await work(queue, name ?? config.QUEUE_NAME);
  });
}
