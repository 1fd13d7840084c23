import { askedToEnd } from "./asked-to-end.ts";
import type { WorkerArguments } from "./groups/queue.ts";
import type { GlobalOptions } from "./options.ts";
import { printJson, say } from "./output.ts";
import { pipelinesIn } from "./pipeline-files.ts";
import { inSession } from "./session.ts";

/** Works on a queue until it is asked to end; then finishes what it has in hand, or hands it back. */
export async function worker(files: readonly string[], how: WorkerArguments, options: GlobalOptions): Promise<void> {
  const pipelines = (await Promise.all(files.map(pipelinesIn))).flat();
  await inSession(
    options,
    async ({ factory, logger }) => {
      const { startWorker } = await import("../queue/worker.ts");
      const asked = askedToEnd();
      await using running = await startWorker({ pipelines, factory, logger, ...how });
      if (options.json) printJson({ url: running.url, concurrency: running.concurrency });
      else {
        const where = running.url === null ? "" : ` Health and metrics at ${running.url}.`;
        say(`Working on ${running.concurrency} sources at once.${where} Ctrl-C ends it.`, options);
      }
      await asked;
      say("Ending: what is in hand is finished, or handed back.", options);
      await running.stop();
    },
    "info",
  );
}
