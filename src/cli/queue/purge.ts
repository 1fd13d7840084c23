import { confirm } from "../confirm.ts";
import type { PurgeArguments } from "../groups/queue.ts";
import type { GlobalOptions } from "../options.ts";
import { printJson, say } from "../output.ts";
import { withQueue } from "./open.ts";

/** Removes what waits, or what could not be done. */
export function purge(
  name: string | undefined,
  { dead = false, yes }: PurgeArguments,
  options: GlobalOptions,
): Promise<void> {
  return withQueue(name, options, async (queue, shown) => {
    const what = dead ? "all jobs that could not be done" : "all jobs that wait";
    if (!(await confirm(`Remove ${what} in ${shown}?`, yes))) return say("Nothing was removed.", options);
    const removed = await queue.purge({ dead });
    if (options.json) printJson({ removed });
    else say(`${removed} jobs removed.`, options);
  });
}
