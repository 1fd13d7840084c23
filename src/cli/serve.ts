import { openLedger } from "../pipelines/ledger/open.ts";
import type { Pipeline } from "../pipelines/pipeline.ts";
import { type RunningScheduler, scheduler } from "../pipelines/schedule/scheduler.ts";
import type { GlobalOptions } from "./options.ts";
import { printJson, say } from "./output.ts";
import { pipelinesIn } from "./pipeline-files.ts";
import { inSession, type Session } from "./session.ts";

export interface ServeArguments {
  readonly port?: number;
  readonly host?: string;
  /** False with `--no-schedule`. */
  readonly schedule: boolean;
}

/** Serves the project's storages and pipelines over HTTP, and runs pipelines at their times, until it is asked to end. */
export async function serveUntilAsked(
  files: readonly string[],
  given: ServeArguments,
  options: GlobalOptions,
): Promise<void> {
  const pipelines = (await Promise.all(files.map(pipelinesIn))).flat();
  await inSession(options, async (session) => {
    const { serve } = await import("../service/serve.ts");
    const { config, factory, logger } = session;
    const place = {
      ...(given.host === undefined ? {} : { SERVICE_HOST: given.host }),
      ...(given.port === undefined ? {} : { SERVICE_PORT: given.port }),
    };
    await using served = await serve({ factory, logger, pipelines, config: { ...config, ...place } });
    const running = given.schedule ? await startSchedules(pipelines, session) : undefined;
    if (options.json) printJson({ url: served.url });
    else say(`Serving at ${served.url}. Ctrl-C ends it.`, options);
    await askedToEnd();
    say("Ending.", options);
    await running?.stop({ abort: true });
  });
}

async function startSchedules(
  pipelines: readonly Pipeline[],
  { config, factory, logger }: Session,
): Promise<RunningScheduler | undefined> {
  const timed = pipelines.filter(({ definition }) => definition.schedule);
  if (timed.length === 0) return undefined;
  const ledger = await openLedger(config, logger);
  return scheduler.start(timed, { memory: ledger, logger, runWith: { factory, ledger, logger, signals: false } });
}

function askedToEnd(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => resolve());
  });
}
