import { openLedger } from "../pipelines/ledger/open.ts";
import { type RunningScheduler, scheduler } from "../pipelines/schedule/scheduler.ts";
import { askedToEnd } from "./asked-to-end.ts";
import type { GlobalOptions } from "./options.ts";
import { printJson, say } from "./output.ts";
import { pipelinesIn } from "./pipeline-files.ts";
import { UsageError } from "./report-error.ts";
import { type FolderService, foldersOf, serviceIn } from "./services.ts";
import { inSession } from "./session.ts";

export interface ServeArguments {
  readonly port?: number;
  readonly host?: string;
  /** False with `--no-schedule`. */
  readonly schedule: boolean;
}

/** Serves the project's storages and pipelines over HTTP, and runs pipelines at their times, until it is asked to end. */
export async function serveUntilAsked(
  paths: readonly string[],
  given: ServeArguments,
  options: GlobalOptions,
): Promise<void> {
  const folders = await foldersOf(paths);
  if (folders.length > 0 && folders.length < paths.length) {
    throw new UsageError(
      "Files and folders can't be served together.",
      "A folder is a service of its own, and files are the pipelines of one.",
      "Name folders only, such as `millrace serve services/*`.",
    );
  }
  const pipelines = folders.length > 0 ? [] : (await Promise.all(paths.map(pipelinesIn))).flat();
  await inSession(options, async (session) => {
    const { serve } = await import("../service/serve.ts");
    const config = {
      ...session.config,
      ...(given.host === undefined ? {} : { SERVICE_HOST: given.host }),
      ...(given.port === undefined ? {} : { SERVICE_PORT: given.port }),
    };
    const { logger } = session;
    const asked = askedToEnd();
    await using stack = new AsyncDisposableStack();
    const services: FolderService[] = [];
    for (const folder of folders) {
      const service = await serviceIn(folder, options);
      stack.defer(() => service.factory.close());
      services.push(service);
    }
    const own = { ...session, config, pipelines };
    const served = stack.use(await serve(folders.length > 0 ? { services, config, logger } : own));
    if (given.schedule) {
      for (const each of folders.length > 0 ? services : [own]) {
        const running = await startSchedules(each);
        stack.defer(() => running?.stop({ abort: true }));
      }
    }
    if (options.json) printJson({ url: served.url, services: services.map(({ name }) => name) });
    else
      say(
        `Serving ${services.length > 0 ? `${services.length} service${services.length === 1 ? "" : "s"} ` : ""}at ${served.url}. Ctrl-C ends it.`,
        options,
      );
    await asked;
    say("Ending.", options);
  });
}

async function startSchedules({
  pipelines,
  config,
  factory,
  logger,
}: Omit<FolderService, "name">): Promise<RunningScheduler | undefined> {
  const timed = pipelines.filter(({ definition }) => definition.schedule);
  if (timed.length === 0) return undefined;
  const ledger = await openLedger(config, logger);
  return scheduler.start(timed, { memory: ledger, logger, runWith: { factory, ledger, logger, signals: false } });
}
