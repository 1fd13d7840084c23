import type { GlobalOptions } from "../options.ts";
import { printJson, say } from "../output.ts";
import { withQueue } from "./open.ts";

/** Holds a queue, or lets workers take from it again. */
export function setPaused(name: string | undefined, paused: boolean, options: GlobalOptions): Promise<void> {
  return withQueue(name, options, async (queue, shown) => {
    await (paused ? queue.pause() : queue.resume());
    if (options.json) return printJson({ queue: shown, paused });
    say(paused ? `Workers take nothing more out of ${shown}.` : `Workers take from ${shown} again.`, options);
  });
}
