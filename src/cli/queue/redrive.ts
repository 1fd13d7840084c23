import type { GlobalOptions } from "../options.ts";
import { printJson, printLines, say } from "../output.ts";
import { withQueue } from "./open.ts";

/** Goes on with the runs of all that could not be done, and prints them. */
export function redrive(name: string | undefined, options: GlobalOptions): Promise<void> {
  return withQueue(name, options, async (queue) => {
    const runs = await queue.redrive();
    if (options.json) return printJson({ runs });
    if (runs.length === 0) return say("Nothing failed.", options);
    printLines(runs);
  });
}
