import { availableParallelism, freemem } from "node:os";
import { getConfigLogger } from "../config/get-config-logger.ts";
import type { Config } from "../config/settings.ts";
import type { Logger } from "../contracts/logger.ts";
import { ConfigError } from "../errors.ts";
import { DataFactory } from "../factory/data-factory.ts";
import { readyOf } from "../pipelines/define.ts";
import { openLedger } from "../pipelines/ledger/open.ts";
import type { Pipeline } from "../pipelines/pipeline.ts";
import type { Ready } from "../pipelines/run/run-pipeline.ts";
import type { Lane } from "./hands.ts";
import { serveHealth } from "./health.ts";
import type { Attempt, RunJob, SourceJob } from "./jobs.ts";
import { JobLoop } from "./loop.ts";
import { isNewer, type JobKind, queueName, readQueueName } from "./names.ts";
import { Notices } from "./notices.ts";
import { pausedQueues } from "./operate.ts";
import { openPlace } from "./place.ts";
import { announce } from "./presence.ts";
import { refuseLocal, requireSharedLedger } from "./refuse.ts";
import { RunLeader } from "./run-leader.ts";
import { Settler } from "./settle.ts";
import { SourceWorker } from "./source-worker.ts";
import { sweep } from "./sweep.ts";

/** What a worker is started with. */
export interface WorkerOptions {
  /** Those that it can work on; pipelines that are steps of them count too. */
  readonly pipelines: readonly Pipeline[];
  /** Without one it is made from the app's config, and closed again. */
  readonly factory?: DataFactory | undefined;
  /** As in `getConfigLogger(name, config)`, when there is no factory. */
  readonly config?: string | Readonly<Record<string, unknown>> | undefined;
  /** Default: the factory's, or the one that comes with the config. */
  readonly logger?: Logger | undefined;
  /** Default: QUEUE_NAME. */
  readonly queue?: string | undefined;
  /** Sources in hand at once. Default: WORKER_CONCURRENCY, else one for each core, as far as memory allows. */
  readonly concurrency?: number | undefined;
  /** Port of health and metrics. Default: WORKER_PORT, else none. */
  readonly port?: number | undefined;
}

/** A worker at work. */
export interface RunningWorker extends AsyncDisposable {
  /** Where health and metrics are asked for; null without a port. */
  readonly url: string | null;
  /** How many sources it works on at once. */
  readonly concurrency: number;
  /** Takes nothing more, finishes what it has in hand for WORKER_GRACE at most, and hands the rest back. */
  stop(options?: { readonly graceMs?: number }): Promise<void>;
}

/** Runs that one worker leads at once: leading is waiting. */
const runsAtOnce = 50;
/** Memory that a source is reckoned with. */
const sourceBytes = 512 * 1024 * 1024;
/** How often is looked for queues of older versions, and for those that were paused. */
const refreshMs = 5_000;

/**
 * Takes runs and sources of runs from the queue, until it is stopped.
 *
 * @throws ConfigError when QUEUE or LEDGER name no queue that others see, and for a pipeline whose storages only this machine sees.
 */
export async function startWorker(options: WorkerOptions): Promise<RunningWorker> {
  await using made = new AsyncDisposableStack();
  const { factory, config, logger } = await surroundings(options, made);
  requireSharedLedger(config);
  const ledger = made.use(await openLedger(config, logger));
  const pipelines = registry(options.pipelines);
  for (const ready of pipelines.values()) await refuseLocal(ready, factory);
  const concurrency = options.concurrency ?? config.WORKER_CONCURRENCY ?? reckoned();
  const place = made.use(await openPlace(config, logger, { keepsUp: true, saves: concurrency * savesOf(pipelines) }));
  const queues = new Map<JobKind, readonly string[]>();
  const refresh = async () => {
    loop.paused = (await pausedQueues(place)).has(config.QUEUE_NAME);
    const names = (await place.boss.getQueues()).map(({ name }) => name);
    for (const kind of ["runs", "sources"] as const)
      queues.set(kind, namesFor(pipelines, config.QUEUE_NAME, kind, names));
    loop.pumpAll();
  };
  const notices = new Notices(place);
  const settler = new Settler(place, logger);
  const shared = { place, ledger, factory, config, logger, notices, settler, pipelines };
  const leader = new RunLeader(shared);
  const sources = new SourceWorker(shared);
  const runLane: Lane = {
    queues: () => queues.get("runs") ?? [],
    most: runsAtOnce,
    async work(attempt, signal) {
      const run = attempt as Attempt<RunJob>;
      await settler.done(run, await leader.work(run, signal));
      await notices.ended(run.data.run);
    },
  };
  const sourceLane: Lane = {
    queues: () => queues.get("sources") ?? [],
    most: concurrency,
    limits: limitsOf(config),
    // Its workers were lost, for it or for what they had in hand besides: the last try tells.
    alone: ({ retryCount }) => retryCount > 0 && retryCount >= config.QUEUE_TRIES - 1,
    work: (attempt, signal, free) => sources.work(attempt as Attempt<SourceJob>, signal, free),
  };
  const loop = new JobLoop({ place, logger, settler }, [runLane, sourceLane], ({ stop, ended, changed }) => {
    if (stop !== undefined) leader.stop(stop);
    if (ended !== undefined) leader.heard(ended.run, ended.count);
    if (changed) void refresh().catch(() => {});
  });
  for (const { definition } of pipelines.values()) {
    const parts = { queue: config.QUEUE_NAME, pipeline: definition.name, version: definition.version ?? "1" };
    for (const kind of ["runs", "sources"] as const) await place.queue({ ...parts, kind });
  }
  await refresh();
  const refreshing = setInterval(() => void refresh().catch(() => {}), refreshMs);
  made.defer(() => clearInterval(refreshing));
  made.use(await loop.start());
  made.use(sweep(place, logger));
  made.use(announce(place, loop, { runLane, sourceLane, concurrency, pipelines: [...pipelines.keys()] }));
  const health = await serveHealth({
    config,
    port: options.port ?? config.WORKER_PORT,
    place,
    loop,
    runLane,
    sourceLane,
    concurrency,
  });
  if (health) made.use(health);
  const opened = made.move();
  let stopping: Promise<void> | undefined;
  const stop: RunningWorker["stop"] = ({ graceMs = config.WORKER_GRACE } = {}) => {
    stopping ??= (async () => {
      clearInterval(refreshing);
      await loop.stop(graceMs, runLane);
      await notices.flush();
      await opened.disposeAsync();
    })();
    return stopping;
  };
  logger.info(
    { queue: config.QUEUE_NAME, pipelines: [...pipelines.keys()], concurrency },
    `Working on queue ${config.QUEUE_NAME}, ${concurrency} sources at once.`,
  );
  return { url: health?.url ?? null, concurrency, stop, [Symbol.asyncDispose]: () => stop() };
}

async function surroundings(options: WorkerOptions, made: AsyncDisposableStack) {
  const { factory: given, queue } = options;
  const found = given ?? (await getConfigLogger("worker", options.config));
  const config: Config = { ...found.config, ...(queue !== undefined && { QUEUE_NAME: queue }) };
  const logger = options.logger ?? found.logger;
  const factory = given ?? made.use(new DataFactory({ config, logger }));
  return { config, logger, factory };
}

/** By name, with those that are steps of others. @throws ConfigError for two of one name. */
function registry(pipelines: readonly Pipeline[]): Map<string, Ready> {
  const found = new Map<string, Ready>();
  const add = (pipeline: Pipeline) => {
    const ready = readyOf(pipeline);
    const same = found.get(pipeline.name);
    if (same === ready) return;
    if (same)
      throw new ConfigError(`Two pipelines are called "${pipeline.name}".`, { hint: "Give each its own name." });
    found.set(pipeline.name, ready);
    for (const { work } of ready.steps) if (work.kind === "pipeline") add(work.pipeline);
  };
  for (const pipeline of pipelines) add(pipeline);
  return found;
}

/** Queues of these pipelines in their own versions and in older ones. What is newer is left to other workers. */
function namesFor(
  pipelines: ReadonlyMap<string, Ready>,
  queue: string,
  kind: JobKind,
  names: readonly string[],
): string[] {
  return names.filter((name) => {
    const parts = readQueueName(name);
    if (parts?.queue !== queue || parts.kind !== kind || queueName(parts) !== name) return false;
    const ready = pipelines.get(parts.pipeline);
    return ready !== undefined && !isNewer(parts.version, ready.definition.version ?? "1");
  });
}

/** How many saves a source has under way at once: one for each destination, and for each item that a function works on. */
function savesOf(pipelines: ReadonlyMap<string, Ready>): number {
  const counts = [...pipelines.values()].flatMap(({ steps }) =>
    steps.map(({ work, concurrency }) => {
      if (work.kind === "run") return concurrency;
      return work.kind === "copy" ? [work.copy.to].flat().length : 1;
    }),
  );
  return Math.max(1, ...counts);
}

/** One source for each core, as far as the free memory goes. */
function reckoned(): number {
  const constrained = process.constrainedMemory();
  const free = constrained > 0 && constrained < 2 ** 52 ? process.availableMemory() : freemem();
  return Math.max(1, Math.min(availableParallelism(), Math.floor(free / sourceBytes)));
}

/** @throws ConfigError for a text of another form. */
function limitsOf({ QUEUE_MAX_CONNECTIONS }: Config): Map<string, number> {
  const entries = (QUEUE_MAX_CONNECTIONS ?? "").split(",").filter((text) => text.trim() !== "");
  return new Map(
    entries.map((entry) => {
      const [, storage = "", limit = ""] = /^\s*([\w-]+)\s*=\s*([1-9]\d{0,4})\s*$/.exec(entry) ?? [];
      if (storage !== "") return [storage, Number(limit)] as const;
      throw new ConfigError(`QUEUE_MAX_CONNECTIONS has "${entry.trim()}", which is not of the form postgres=20.`);
    }),
  );
}
