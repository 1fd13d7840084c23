import { once } from "node:events";
import { afterAll, beforeAll, expect, test } from "vitest";
import { DataFactory } from "../../src/factory/data-factory.ts";
import { frame } from "../../src/frame/frame.ts";
import { definePipeline } from "../../src/pipelines/define.ts";
import { openLedger } from "../../src/pipelines/ledger/open.ts";
import { openQueue } from "../../src/queue/queue.ts";
import { startWorker } from "../../src/queue/worker.ts";
import { openQueuePlace } from "./workers.ts";

const state = { broken: "b", slow: false };
const gate = { entered: Promise.withResolvers<void>(), open: Promise.withResolvers<void>() };
const letters = {
  storageId: "letters:",
  async getData(name: string) {
    if (name === state.broken) throw new Error(`${name} can't be read`);
    if (state.slow && name === "c") {
      gate.entered.resolve();
      await gate.open.promise;
    }
    return frame([{ name }], { name: "string" });
  },
  listSources: async () => ["a", "b", "c"],
  healthCheck: async () => true,
};
const copy = { from: letters, to: "postgres", mode: "append" } as const;

let place: Awaited<ReturnType<typeof openQueuePlace>>;
beforeAll(async () => {
  place = await openQueuePlace();
});
afterAll(() => place[Symbol.asyncDispose]());

const options = () => place.options;
const quiet = { debug() {}, info() {}, warn() {}, error() {} };

test("a source that fails is told with its error, and redriving goes on with its run when it is mended", async () => {
  const mended = definePipeline({
    name: "mended",
    copy,
    onFailure: () => void ended.push("failed"),
    onSuccess: () => void ended.push("done"),
  });
  const ended: string[] = [];
  await using _ = await startWorker({ pipelines: [mended], factory: place.factory });
  await expect(mended.run(options())).rejects.toThrow('mended failed in step copy of "b": b can\'t be read');
  await using queue = await openQueue(place.config, quiet);
  const { dead } = await queue.status();
  expect(dead).toMatchObject([{ pipeline: "mended", step: "copy", source: "b", error: "b can't be read" }]);
  state.broken = "";
  const [run = ""] = await queue.redrive();
  await using ledger = await openLedger(place.config, quiet);
  await expect.poll(async () => (await ledger.run(run))?.state, { timeout: 20_000 }).toBe("done");
  expect((await queue.status()).dead).toEqual([]);
  expect(await place.server.sql("SELECT name FROM public.a UNION ALL SELECT name FROM public.b")).toHaveLength(2);
  await expect.poll(() => ended).toEqual(["failed", "done"]);
});

test("a run is enqueued without a worker, and followed events are those of a run in one process once it is begun", async () => {
  const later = definePipeline({ name: "later", copy: { ...copy, mode: "replace" } });
  const id = await later.enqueue(options());
  expect((await later.runs(options())).length).toBe(0);
  await using _ = await startWorker({ pipelines: [later], factory: place.factory });
  await expect.poll(async () => (await later.runs(options()))[0]?.state, { timeout: 20_000 }).toBe("done");
  expect((await later.show(id, options())).steps[0]?.sources).toHaveLength(3);
  const types: string[] = [];
  const result = await later.run({ ...options(), onEvent: ({ type }) => void types.push(type) });
  expect(result).toMatchObject({ state: "done", rows: 3 });
  expect(types.slice(0, 4)).toEqual(["run-queued", "run-started", "step-started", "step-sources"]);
  expect(types.filter((type) => type === "source-ended")).toHaveLength(3);
  expect(types.at(-1)).toBe("run-ended");
});

test("a worker leaves runs of a newer version to others, and takes those of an older one", async () => {
  const version = (number: string) =>
    definePipeline({ name: "versions", version: number, copy: { ...copy, mode: "replace" } });
  const [old, middle, next] = [version("2"), version("9"), version("10")];
  const newer = await next.enqueue(options());
  const older = await old.enqueue(options());
  await using ledger = await openLedger(place.config, quiet);
  await using _ = await startWorker({ pipelines: [middle], factory: place.factory });
  await expect.poll(async () => (await ledger.run(older))?.state, { timeout: 20_000 }).toBe("done");
  expect(await ledger.run(newer)).toBeNull();
  await using __ = await startWorker({ pipelines: [next], factory: place.factory });
  await expect.poll(async () => (await ledger.run(newer))?.state, { timeout: 20_000 }).toBe("done");
});

test("a paused queue gives nothing out, and a signal takes a run back that no worker has begun", async () => {
  const paused = definePipeline({ name: "paused", copy });
  await using queue = await openQueue(place.config, quiet);
  await queue.pause();
  // What a worker of an earlier test handed back.
  await queue.purge();
  await using _ = await startWorker({ pipelines: [paused], factory: place.factory });
  await paused.enqueue(options());
  expect((await queue.status()).paused).toBe(true);
  const stop = new AbortController();
  const running = paused.run({ ...options(), signal: stop.signal });
  stop.abort(new Error("enough"));
  await expect(running).rejects.toThrow("enough");
  expect(await queue.purge()).toBe(1);
  await queue.resume();
  expect(await paused.runs(options())).toEqual([]);
});

test("a run that is stopped while a worker has it is stopped in the ledger, and can be gone on with", async () => {
  const stopped = definePipeline({ name: "stopped", copy: { ...copy, mode: "replace" } });
  state.slow = true;
  await using _ = await startWorker({ pipelines: [stopped], factory: place.factory, concurrency: 3 });
  const stop = new AbortController();
  const running = stopped.run({ ...options(), signal: stop.signal });
  await gate.entered.promise;
  stop.abort(new Error("enough"));
  await expect(running).rejects.toThrow("enough");
  expect((await stopped.runs(options()))[0]?.state).toBe("stopped");
  state.slow = false;
  gate.open.resolve();
  expect(await stopped.resume(undefined, options())).toMatchObject({ state: "done", resumed: 1, rows: 3 });
});

test("storages that only this machine sees are refused by name, unless their folders are shared", async () => {
  const local = definePipeline({ name: "local", copy: { from: "csv:prices", to: ["temp", "postgres"] } });
  await expect(local.enqueue(options())).rejects.toThrow(/only this one sees csv \(.*\), temp \(.*\)\./);
  const backed = { from: "postgres:prices", to: "postgres:ranks" } as const;
  for (const kept of [
    definePipeline({ name: "backed", copy: { ...backed, backup: "postgres" } }),
    definePipeline({ name: "undoable", undoable: true, copy: backed }),
  ]) {
    await expect(kept.enqueue(options())).rejects.toThrow(/only this one sees backups \(.*backups\)\./);
  }
  const config = place.server.config({ QUEUE: "pg-boss", LEDGER: "postgres", QUEUE_SHARED_FOLDERS: true });
  await using shared = new DataFactory({ config, logger: quiet });
  expect(await local.enqueue({ factory: shared })).toMatch(/^\d{8}-/);
  const sqlite = new DataFactory({ config: place.server.config({ QUEUE: "pg-boss" }), logger: quiet });
  await expect(local.enqueue({ factory: sqlite })).rejects.toThrow("LEDGER is sqlite");
});

test("no more sources are worked on for a storage than it has connections for, over all workers", async () => {
  let [now, most] = [0, 0];
  const counting = {
    ...letters,
    storageId: "counting:",
    listSources: async () => Array.from({ length: 12 }, (_, index) => `n${index}`),
    async getData(name: string) {
      most = Math.max(most, ++now);
      await new Promise((resolve) => setTimeout(resolve, 20));
      now -= 1;
      return frame([{ name }], { name: "string" });
    },
  };
  const limited = definePipeline({ name: "limited", copy: { from: counting, to: "postgres" } });
  const config = place.server.config({ QUEUE: "pg-boss", LEDGER: "postgres", QUEUE_MAX_CONNECTIONS: "postgres=2" });
  await using factory = new DataFactory({ config, logger: quiet });
  await using _ = await startWorker({ pipelines: [limited], factory, concurrency: 4 });
  await using __ = await startWorker({ pipelines: [limited], factory, concurrency: 4 });
  expect((await limited.run({ ...options(), factory })).rows).toBe(12);
  expect(most).toBeLessThanOrEqual(2);
});

test("a worker that is asked to end hands its work back, and answers health and metrics until then", async () => {
  const { child, url } = await place.startWorker();
  expect(await (await fetch(`${url}/health`)).json()).toMatchObject({ status: "ok", queue: "default" });
  expect(await (await fetch(`${url}/metrics`)).text()).toContain("millrace_worker_jobs_total 0");
  const { fanout } = await import("./programs/pipelines.ts");
  const running = fanout.run({ ...options(), onEvent: ({ type }) => type === "source-ended" && child.kill("SIGTERM") });
  running.catch(() => {});
  const [code] = await once(child, "exit");
  expect(code).toBe(0);
  await place.startWorker();
  expect(await running).toMatchObject({ state: "done" });
});
