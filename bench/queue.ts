import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { parseConfig } from "../src/config/load.ts";
import { DataFactory } from "../src/factory/data-factory.ts";
import { openLedger } from "../src/pipelines/ledger/open.ts";
import { openPlace } from "../src/queue/place.ts";
import "../src/queue/register.ts";
import { startWorker } from "../src/queue/worker.ts";
import { embeddedUrl } from "../src/storages/postgres/index.ts";
import type { BenchCase, BenchContext, Prepared } from "./harness.ts";
import { busy, empty, latency, seen } from "./queue/pipelines.ts";

const logger = { debug() {}, info() {}, warn() {}, error() {} };
const program = join(import.meta.dirname, "queue", "worker.ts");
const filler = join(import.meta.dirname, "queue", "fill.ts");
const jobs = 10_000;
const million = 1_000_000;
/** Enqueued one after the other; the median of these is told. */
const looks = 21;

async function open({ folder }: BenchContext, name: string) {
  const data = join(folder, name);
  const given = {
    ...{ FS_DATA: data, FS_TEMP: join(data, "temp"), DB_EMBEDDED: "always", DB_IDLE: "1s" },
    ...{ QUEUE: "pg-boss", LEDGER: "postgres", QUEUE_SHARED_FOLDERS: true },
  };
  const config = parseConfig(given);
  const factory = new DataFactory({ config, logger });
  const ledger = await openLedger(config, logger);
  const place = await openPlace(config, logger, { keepsUp: true });
  const children: ChildProcess[] = [];
  return {
    ...{ given, config, factory, place },
    options: { factory, show: "none", signals: false } as const,
    async fork(concurrency: number) {
      const child = fork(program, [JSON.stringify(given), String(concurrency)]);
      children.push(child);
      await once(child, "message");
    },
    async close() {
      const ended = children.map((child) => once(child, "exit"));
      for (const child of children) child.disconnect();
      await Promise.all(ended);
      await place[Symbol.asyncDispose]();
      await ledger[Symbol.asyncDispose]();
      await factory.close();
    },
  };
}

/** Jobs in batches of a hundred, each with an outcome of its own as a source has it: else one that fails fails a hundred. */
async function bare(context: BenchContext): Promise<Prepared> {
  const { place, config, close } = await open(context, "bare");
  const { PgBoss } = await import("pg-boss");
  const connectionString = (await embeddedUrl(config)) ?? "";
  const boss = new PgBoss({ connectionString, schema: "bare", useListenNotify: true, max: 10 });
  await boss.start();
  await boss.createQueue("bare", { retryLimit: 0, notify: true });
  let all = Promise.withResolvers<void>();
  let left = 0;
  const options = {
    batchSize: 100,
    perJobResults: true,
    pollingIntervalSeconds: 0.5,
    burstWhenBatchFull: true,
  } as const;
  await boss.work("bare", options, async (batch) => {
    left -= batch.length;
    if (left === 0) all.resolve();
    return batch.map(({ id }) => ({ id, status: "completed" }) as const);
  });
  const recordedSql = "SELECT count(*)::int AS count FROM bare.job WHERE name = 'bare' AND state = 'completed'";
  return {
    async before() {
      await boss.deleteAllJobs("bare");
      all = Promise.withResolvers();
      left = jobs;
    },
    async run() {
      for (let at = 0; at < jobs; at += 2_000) {
        await boss.insert(
          "bare",
          Array.from({ length: 2_000 }, (_, index) => ({ data: { source: `source ${at + index}` } })),
        );
      }
      await all.promise;
      while ((await place.sql<{ count: number }>(recordedSql))[0]?.count !== jobs);
    },
    async close() {
      await boss.stop({ graceful: false });
      await close();
    },
  };
}

async function fanOut(
  context: BenchContext,
  workers: number,
  concurrency: number,
  pipeline: typeof busy,
): Promise<Prepared> {
  const opened = await open(context, `${pipeline.name} ${workers}`);
  for (let each = 0; each < workers; each++) await opened.fork(concurrency);
  return { run: () => pipeline.run(opened.options), close: opened.close };
}

async function waits(context: BenchContext, queued: number): Promise<Prepared> {
  const opened = await open(context, `waits ${queued}`);
  const { given, factory, options } = opened;
  if (queued > 0) await once(fork(filler, [JSON.stringify(given), String(queued)]), "exit");
  const worker = await startWorker({ pipelines: [latency], factory });
  return {
    async run() {
      const times: number[] = [];
      for (let each = 0; each < looks; each++) {
        const read = new Promise<void>((resolve) => {
          seen.read = resolve;
        });
        const began = performance.now();
        await latency.enqueue(options);
        await read;
        times.push(performance.now() - began);
        // The queue is idle again once the run has ended.
        while ((await latency.runs({ ...options, limit: 1 }))[0]?.state !== "done");
      }
      return times.sort((a, b) => a - b)[Math.floor(looks / 2)] as number;
    },
    async close() {
      await worker.stop();
      await opened.close();
    },
  };
}

const recorded = "10,000 empty jobs, at least 80 % of the base";
const spread = "64 sources of JavaScript, at most 0.6 of the base";
const idle = "enqueue to a source's start, less than 250 ms";

export const sizes = [1];
export const cases: BenchCase[] = [
  { name: "bare pg-boss", group: recorded, base: true, fixed: true, prepare: bare },
  {
    ...{ name: "a run's sources", group: recorded, fixed: true },
    goals: [{ against: "bare pg-boss", atMost: 1.25, headline: "10,000 recorded empty jobs, to bare pg-boss" }],
    prepare: (context) => fanOut(context, 1, 100, empty),
  },
  { name: "one worker", group: spread, base: true, fixed: true, prepare: (context) => fanOut(context, 1, 1, busy) },
  {
    ...{ name: "two workers", group: spread, fixed: true },
    goals: [{ against: "one worker", atMost: 0.6, headline: "64 sources of JavaScript on two workers, to one" }],
    prepare: (context) => fanOut(context, 2, 1, busy),
  },
  {
    ...{ name: "idle queue", group: idle, base: true, fixed: true, goals: [{ atMost: 250 }] },
    prepare: (context) => waits(context, 0),
  },
  {
    ...{ name: "a million jobs queued", group: idle, fixed: true },
    goals: [
      { against: "idle queue", atMost: 1.2 },
      { measure: "peakMb", against: "idle queue", atMost: 1.2 },
    ],
    prepare: (context) => waits(context, million),
  },
];
