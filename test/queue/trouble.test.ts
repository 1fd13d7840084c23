import { once } from "node:events";
import { afterAll, beforeAll, expect, test } from "vitest";
import { DataFactory } from "../../src/factory/data-factory.ts";
import { frame } from "../../src/frame/frame.ts";
import type { DataFrame } from "../../src/frame/polars.ts";
import { definePipeline } from "../../src/pipelines/define.ts";
import { openLedger } from "../../src/pipelines/ledger/open.ts";
import { ProcessEnds } from "../../src/pipelines/run/ending.ts";
import { openQueue } from "../../src/queue/queue.ts";
import { startWorker } from "../../src/queue/worker.ts";
import { openQueuePlace } from "./workers.ts";

const quiet = { debug() {}, info() {}, warn() {}, error() {} };

let place: Awaited<ReturnType<typeof openQueuePlace>>;
beforeAll(async () => {
  place = await openQueuePlace();
});
afterAll(() => place[Symbol.asyncDispose]());

/** Frames of one row; reading the first one waits at a gate. */
function gated(names: readonly string[]) {
  const [entered, open] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const source = {
    storageId: "gated:",
    listSources: async () => [...names],
    healthCheck: async () => true,
    async getData(name: string) {
      entered.resolve();
      await open.promise;
      return frame([{ name }], { name: "string" });
    },
  };
  return { source, entered: entered.promise, open: () => open.resolve() };
}

test("sources that are purged while they wait fail their run, which can be gone on with", async () => {
  const { source, entered, open } = gated(["a", "b", "c"]);
  const purged = definePipeline({ name: "purged", copy: { from: source, to: "postgres" } });
  await using _ = await startWorker({ pipelines: [purged], factory: place.factory, concurrency: 1 });
  const running = purged.run(place.options);
  running.catch(() => {});
  await entered;
  await using queue = await openQueue(place.config, quiet);
  await using alike = await openQueue(place.config, quiet, "defaul_");
  expect(await alike.purge()).toBe(0);
  expect(await queue.purge()).toBe(2);
  open();
  await expect(running).rejects.toThrow("was taken out of the queue before a worker had it");
  const { state, steps } = await purged.resume(undefined, place.options);
  expect(state).toBe("done");
  expect(steps[0]?.sources.map((each) => [each.state, each.attempts])).toHaveLength(3);
});

test("who waits for a run is told that no worker takes it, and can stop waiting after its only worker was lost", async () => {
  const { fanout } = await import("./programs/pipelines.ts");
  const told = Promise.withResolvers<string>();
  const logger = { ...quiet, warn: (...given: unknown[]) => told.resolve(String(given.at(-1))) };
  await using factory = new DataFactory({ config: place.config, logger });
  const stop = new AbortController();
  const ended = Promise.withResolvers<void>();
  const onEvent = ({ type }: { type: string }) => type === "source-ended" && ended.resolve();
  const running = fanout.run({ ...place.options, factory, onEvent, signal: stop.signal });
  running.catch(() => {});
  expect(await told.promise).toMatch(/waits in the queue default: no worker takes from it/);
  const { child } = await place.startWorker();
  await ended.promise;
  child.kill("SIGKILL");
  await once(child, "exit");
  stop.abort(new Error("enough"));
  await expect(running).rejects.toThrow("enough");
  await using queue = await openQueue(place.config, quiet);
  const { pipelines } = await queue.status();
  expect(pipelines.map(({ waiting, active }) => waiting + active)).toEqual(pipelines.map(() => 0));
  await using ledger = await openLedger(place.config, quiet);
  expect((await ledger.runs({ pipeline: fanout.name, limit: 1 }))[0]?.state).toBe("interrupted");
});

test("jobs of another queue, which may have a longer lease, are left to their workers", async () => {
  const slow = definePipeline({ name: "slow", copy: { from: gated(["a"]).source, to: "postgres" } });
  await using queue = await openQueue(place.config, quiet);
  const silent = async (name: string) => {
    const config = place.server.config({ ...place.config, DB_PASSWORD: place.config.DB_PASSWORD, QUEUE_NAME: name });
    await using factory = new DataFactory({ config, logger: quiet });
    const run = await slow.enqueue({ factory });
    await place.server.sql(
      `UPDATE millrace_queue.job SET state = 'active', heartbeat_on = now() - interval '20 s' WHERE data ->> 'run' = '${run}'`,
    );
  };
  await silent("patient");
  await silent("default");
  await using _ = await startWorker({ pipelines: [], factory: place.factory });
  const states = async (name: string) => {
    const sql = `SELECT state::text FROM millrace_queue.job WHERE starts_with(name, '${name}/') AND data ->> 'pipeline' = 'slow'`;
    return (await place.server.sql(sql)).map(({ state }) => state);
  };
  await expect.poll(() => states("default"), { timeout: 20_000 }).toEqual(["retry"]);
  expect(await states("patient")).toEqual(["active"]);
  await queue.purge();
});

test("a message that can't be read ends no worker", async () => {
  const { source, open } = gated(["a"]);
  open();
  const heard = definePipeline({ name: "heard", copy: { from: source, to: "postgres" } });
  await using _ = await startWorker({ pipelines: [heard], factory: place.factory });
  for (const junk of ["{", "null", '{"lost":1}']) {
    await place.server.sql(`SELECT pg_catalog.pg_notify('millrace_jobs', '${junk}')`);
  }
  expect((await heard.run(place.options)).state).toBe("done");
});

test("as many saves are under way at once as a worker has places, each with a hold of its own, and its jobs stay its own", async () => {
  const names = Array.from({ length: 12 }, (_, index) => `n${index}`);
  const { source, open } = gated(names);
  open();
  const all = Promise.withResolvers<void>();
  const saved: string[] = [];
  let under = 0;
  const save = async (_: DataFrame, name: string) => {
    under += 1;
    if (under === names.length) all.resolve();
    await all.promise;
    saved.push(name);
    return true;
  };
  const saver = { saveData: save, saveWithBackup: save, healthCheck: async () => true };
  const wide = definePipeline({ name: "wide", copy: { from: source, to: saver } });
  await using _ = await startWorker({ pipelines: [wide], factory: place.factory, concurrency: names.length });
  expect((await wide.run(place.options)).rows).toBe(names.length);
  expect(saved.sort()).toEqual(names.sort());
});

test("redriving goes on with all runs of a pipeline, one after the other, and leaves alone what was done meanwhile", async () => {
  const state = { isBroken: true };
  const source = {
    storageId: "mended:",
    listSources: async () => ["m"],
    healthCheck: async () => true,
    async getData() {
      if (state.isBroken) throw new Error("not yet");
      await new Promise((resolve) => setTimeout(resolve, 400));
      return frame([{ n: 1 }], { n: "float64" });
    },
  };
  const thrice = definePipeline({ name: "thrice", copy: { from: source, to: "postgres" } });
  await using _ = await startWorker({ pipelines: [thrice], factory: place.factory });
  for (let run = 0; run < 3; run++) await expect(thrice.run(place.options)).rejects.toThrow("not yet");
  state.isBroken = false;
  const done = await thrice.resume(undefined, place.options);
  await using queue = await openQueue(place.config, quiet);
  expect(await queue.redrive()).toHaveLength(3);
  const states = async () => (await thrice.runs(place.options)).map((run) => `${run.state} ${run.resumed}`);
  await expect.poll(states, { timeout: 20_000 }).toEqual(["done 1", "done 1", "done 1"]);
  await expect.poll(async () => (await queue.status()).pipelines.some(({ active }) => active > 0)).toBe(false);
  expect(await states()).toEqual(["done 1", "done 1", "done 1"]);
  expect((await queue.status()).dead).toEqual([]);
  expect(done.resumed).toBe(1);
});

test("a scheduler or service that ends leaves the runs that workers have to them", async () => {
  const { source, entered, open } = gated(["left"]);
  const left = definePipeline({ name: "left", copy: { from: source, to: "postgres" } });
  await using _ = await startWorker({ pipelines: [left], factory: place.factory });
  const ends = new AbortController();
  const running = left.run({ ...place.options, signal: ends.signal });
  await entered;
  ends.abort(new ProcessEnds("The service was ended."));
  await expect(running).rejects.toThrow("The service was ended.");
  open();
  await expect.poll(async () => (await left.runs(place.options))[0]?.state, { timeout: 20_000 }).toBe("done");
});
