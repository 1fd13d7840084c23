import { afterAll, beforeAll, expect, test } from "vitest";
import { DataFactory } from "../../src/factory/data-factory.ts";
import { frame } from "../../src/frame/frame.ts";
import { records } from "../../src/frame/records.ts";
import { definePipeline } from "../../src/pipelines/define.ts";
import { openLedger } from "../../src/pipelines/ledger/open.ts";
import type { Pipeline } from "../../src/pipelines/pipeline.ts";
import { scheduler } from "../../src/pipelines/schedule/scheduler.ts";
import { openQueue } from "../../src/queue/queue.ts";
import { startWorker } from "../../src/queue/worker.ts";
import { openQueuePlace } from "./workers.ts";

const quiet = { debug() {}, info() {}, warn() {}, error() {} };
const names = Array.from({ length: 8 }, (_, index) => `n${index}`);
const rows = { of: 1 };
const numbers = {
  storageId: "numbers:",
  getData: async (name: string) => frame([{ name, n: rows.of }], { name: "string", n: "float64" }),
  listSources: async () => names,
  healthCheck: async () => true,
};

let place: Awaited<ReturnType<typeof openQueuePlace>>;
beforeAll(async () => {
  place = await openQueuePlace({ QUEUE_SHARED_FOLDERS: true });
});
afterAll(() => place[Symbol.asyncDispose]());

/** Two workers, each with storages of its own as on two machines. */
async function twoWorkers(pipeline: Pipeline, config = place.config) {
  const made = new AsyncDisposableStack();
  for (let each = 0; each < 2; each++) {
    const factory = made.use(new DataFactory({ config, logger: quiet }));
    made.use(await startWorker({ pipelines: [pipeline], factory, concurrency: 2 }));
  }
  return made;
}

/** Rows under each name, as `name: number of rows`. */
async function standing(type: "csv" | "temp" | "arctic" | "postgres", factory = place.factory) {
  const source = factory.createDataSource(type);
  return Promise.all(names.map(async (name) => records(await source.getData(name)).length));
}

test("a fan-out over two workers adds each source once to csv, temp and arctic", async () => {
  const many = definePipeline({
    name: "many",
    copy: { from: numbers, to: ["csv", "temp", "arctic"], mode: "append" },
  });
  await using _ = await twoWorkers(many);
  expect(await many.run(place.options)).toMatchObject({ state: "done", rows: 24 });
  for (const type of ["csv", "temp", "arctic"] as const) expect(await standing(type)).toEqual(names.map(() => 1));
});

test("the queue may lie in another database than what is saved", async () => {
  await place.server.sql("CREATE DATABASE books");
  const { DB_PORT, DB_PASSWORD } = place.config;
  const ledger = `postgres://postgres:${DB_PASSWORD}@127.0.0.1:${DB_PORT}/books`;
  const config = place.server.config({ QUEUE: "pg-boss", QUEUE_LEASE: "2s", LEDGER: ledger });
  await using factory = new DataFactory({ config, logger: quiet });
  const apart = definePipeline({ name: "apart", copy: { from: numbers, to: "postgres", mode: "append" } });
  await using _ = await twoWorkers(apart, config);
  expect(await apart.run({ ...place.options, factory })).toMatchObject({ state: "done", rows: 8 });
  expect(await standing("postgres", factory)).toEqual(names.map(() => 1));
  expect(await place.server.sql("SELECT 1 FROM millrace.runs WHERE pipeline = 'apart'")).toEqual([]);
});

test("a range is filled window by window over two workers, each once", async () => {
  const hours = Array.from({ length: 96 }, (_, hour) => ({ ts: new Date(Date.UTC(2024, 0, 1, hour)) }));
  const raw = frame(hours, { ts: "datetime[us, UTC]" });
  await place.factory.createDataSaver("postgres").saveData(raw, "raw", { timeColumn: "ts" });
  const fill = definePipeline({
    name: "fill",
    copy: { from: "postgres:raw", to: "postgres:filled", mode: "append", incremental: { cursor: "ts" } },
  });
  await using _ = await twoWorkers(fill);
  const filled = await fill.run({ ...place.options, from: "2024-01-01", to: "2024-01-05" });
  expect(filled.steps[0]?.sources.map(({ source, rows }) => [source, rows])).toEqual([
    ["raw@2024-01-01..2024-01-02", 24],
    ["raw@2024-01-02..2024-01-03", 24],
    ["raw@2024-01-03..2024-01-04", 24],
    ["raw@2024-01-04..2024-01-05", 24],
  ]);
  expect(
    await place.server.sql("SELECT count(DISTINCT ts)::int AS hours, count(*)::int AS rows FROM public.filled"),
  ).toEqual([{ hours: 96, rows: 96 }]);
});

test("over two workers each destination is backed up once before it is saved, and an undo puts all of them back", async () => {
  const kept = definePipeline({
    name: "kept",
    undoable: true,
    copy: { from: numbers, to: "csv", mode: "replace", backup: "csv" },
  });
  const before = await place.factory.createDataBackup("csv").listBackups();
  await using _ = await twoWorkers(kept);
  await kept.run(place.options);
  rows.of = 2;
  const second = await kept.run(place.options);
  rows.of = 1;
  const made = (await place.factory.createDataBackup("csv").listBackups()).length - before.length;
  // What stood there before each run: one of the step and one for the undo, of which the first run's went with the second.
  expect(made).toBeGreaterThanOrEqual(names.length * 2);
  const values = async () => {
    const source = place.factory.createDataSource("csv");
    return Promise.all(names.map(async (name) => records(await source.getData(name))[0]?.n));
  };
  expect(await values()).toEqual(names.map(() => 2));
  await kept.undo(second.id, place.options);
  expect(await values()).toEqual(names.map(() => 1));
});

test("several schedulers bring about one run of each time", async () => {
  const timed = definePipeline({ name: "timed", schedule: { every: "1h" }, copy: { from: numbers, to: "temp" } });
  await using ledger = await openLedger(place.config, quiet);
  await ledger.claimScheduled("timed", new Date(Date.now() - 3 * 3_600_000), null);
  let asked = 0;
  const memory = {
    lastScheduled: async (name: string) => {
      asked += 1;
      return ledger.lastScheduled(name);
    },
    claimScheduled: ledger.claimScheduled.bind(ledger),
  };
  await using _ = await twoWorkers(timed);
  const running = [1, 2, 3].map(() => scheduler.start([timed], { memory, logger: quiet, runWith: place.options }));
  await expect.poll(() => asked, { timeout: 20_000 }).toBeGreaterThanOrEqual(3);
  await expect.poll(async () => (await timed.runs(place.options))[0]?.state, { timeout: 20_000 }).toBe("done");
  for (const one of running) await one.stop();
  expect(await timed.runs(place.options)).toHaveLength(1);
});

test("a source that kills every worker which takes it goes to the dead letters, and is redriven after a fix", async () => {
  await using poisoned = await openQueuePlace({ QUEUE_LEASE: "1s", QUEUE_TRIES: 2 }, { SOURCES: "3" });
  process.env.SOURCES = "3";
  const { fanout } = await import("./programs/pipelines.ts");
  const running = fanout.run(poisoned.options).catch((cause: Error) => cause);
  // Each worker ends the moment it reads the source.
  for (let tries = 0; tries < 2; tries++) {
    const { child } = await poisoned.startWorker({ POISON: "source_1" });
    await new Promise((resolve) => child.once("exit", resolve));
  }
  await poisoned.startWorker();
  expect(await running).toMatchObject({ message: expect.stringContaining("2 in all") });
  await using queue = await openQueue(poisoned.config, quiet);
  const [dead, ...more] = (await queue.status()).dead;
  expect(dead).toMatchObject({ step: "add", source: "source_1", error: expect.stringContaining("no sign of life") });
  expect(more).toEqual([]);
  const [run = ""] = await queue.redrive();
  await using ledger = await openLedger(poisoned.config, quiet);
  await expect.poll(async () => (await ledger.run(run))?.state, { timeout: 30_000 }).toBe("done");
  expect((await queue.status()).dead).toEqual([]);
  expect(await poisoned.server.sql("SELECT row::int AS row FROM public.source_1 ORDER BY row")).toHaveLength(5);
});
