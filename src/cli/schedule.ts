import "../system/node-version.ts";

import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { getConfigLoggerIn } from "../config/get-config-logger.ts";
import { ConfigError, NotFoundError } from "../errors.ts";
import { DataFactory } from "../factory/data-factory.ts";
import { openLedger } from "../pipelines/ledger/open.ts";
import { type NextRun, type Scheduled, scheduler } from "../pipelines/schedule/scheduler.ts";
import { timesOf } from "../pipelines/schedule/times.ts";
import type { GlobalOptions } from "./options.ts";
import { printJson, printLines, say, tableLines } from "./output.ts";

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
  const level = options.verbose ? "debug" : options.quiet ? "error" : undefined;
  const { config, logger } = await getConfigLoggerIn(
    { logLevel: "info" },
    options.service,
    level && { LOG_LEVEL: level },
  );
  await using factory = new DataFactory({ config, logger });
  await using ledger = await openLedger(config, logger);
  const running = scheduler.start(pipelines, { memory: ledger, logger, runWith: { factory, ledger, logger } });
  printTimes(running.next(), options);
  const ended = Promise.withResolvers<void>();
  const end = () => {
    process.exitCode = 0;
    ended.resolve();
  };
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, end);
  await ended.promise;
  say("Ending: no further run begins.", options);
  // A run under way has heard the same signal, and ends so that it can be gone on with.
  await running.stop();
}

/** Every pipeline that a file exports. */
async function pipelinesIn(file: string): Promise<Scheduled[]> {
  const found: unknown[] = Object.values(await load(file)).flat();
  const pipelines = [...new Set(found)].filter(isPipeline);
  if (pipelines.length > 0) return pipelines;
  throw new ConfigError(`${file} exports no pipeline.`, { hint: "Write `export default definePipeline({ … })`." });
}

async function load(file: string): Promise<Record<string, unknown>> {
  const url = pathToFileURL(resolve(file)).href;
  try {
    return await import(url);
  } catch (cause) {
    const missing =
      cause instanceof Error && "code" in cause && cause.code === "ERR_MODULE_NOT_FOUND" && "url" in cause;
    if (missing && cause.url === url)
      throw new NotFoundError(`There is no file ${file}.`, { cause, hint: "Name the files of your pipelines." });
    throw cause;
  }
}

function isPipeline(value: unknown): value is Scheduled {
  if (typeof value !== "object" || value === null) return false;
  const { name, definition, run } = value as Partial<Scheduled>;
  return typeof name === "string" && typeof definition === "object" && typeof run === "function";
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
