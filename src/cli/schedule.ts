import { openLedger } from "../pipelines/ledger/open.ts";
import { type NextRun, type Scheduled, scheduler } from "../pipelines/schedule/scheduler.ts";
import { timesOf } from "../pipelines/schedule/times.ts";
import { askedToEnd } from "./asked-to-end.ts";
import type { GlobalOptions } from "./options.ts";
import { printJson, printLines, say, tableLines } from "./output.ts";
import { pipelinesIn } from "./pipeline-files.ts";
import { inSession } from "./session.ts";

/** Prints the next time of each pipeline in the files; without `next` it goes on and runs them at their times until it is ended. */
export async function schedule(
  files: readonly string[],
  { next }: { readonly next: boolean },
  options: GlobalOptions,
): Promise<void> {
  const pipelines = (await Promise.all(files.map(pipelinesIn))).flat();
  if (next) {
    const times = pipelines.flatMap((pipeline) => nextTime(pipeline) ?? []);
    printTimes(times, options);
    return;
  }
  await inSession(
    options,
    async ({ config, factory, logger }) => {
      const asked = askedToEnd();
      await using ledger = await openLedger(config, logger);
      const running = scheduler.start(pipelines, {
        memory: ledger,
        logger,
        runWith: { factory, ledger, logger, signals: false },
      });
      printTimes(running.next(), options);
      await asked;
      process.exitCode = 0;
      const how = config.QUEUE === "none" ? "are stopped, and can be gone on with" : "are left to their workers";
      say(`Ending: runs under way ${how}.`, options);
      await running.stop({ abort: true });
    },
    "info",
  );
}

function nextTime({ name, definition }: Scheduled): NextRun | null {
  const at = definition.schedule ? timesOf(definition.schedule).next(Date.now()) : null;
  return at === null ? null : { pipeline: name, at: new Date(at) };
}

function printTimes(times: readonly NextRun[], options: GlobalOptions): void {
  const soonest = times.toSorted((a, b) => a.at.getTime() - b.at.getTime());
  const rows = soonest.map(({ pipeline, at }) => [at.toISOString(), pipeline]);
  if (options.json) printJson(soonest);
  else if (rows.length === 0) say("No pipeline has a schedule.", options);
  else printLines(tableLines(["next run", "pipeline"], rows));
}
