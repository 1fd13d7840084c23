/** What people complain of in other tools, each by its name. */
import { afterAll, beforeAll, expect, test } from "vitest";
import type { IDataSaver } from "../../src/contracts/data-saver.ts";
import type { SaveOptions } from "../../src/contracts/save-options.ts";
import { UnavailableError } from "../../src/errors.ts";
import type { DataFrame } from "../../src/frame/polars.ts";
import { notNull } from "../../src/pipelines/checks/rules.ts";
import { definePipeline } from "../../src/pipelines/define.ts";
import { openLedger } from "../../src/pipelines/ledger/open.ts";
import { type Opened, openPlace, prices } from "./open.ts";

let place: Opened;
beforeAll(async () => {
  place = await openPlace();
});
afterAll(() => place[Symbol.asyncDispose]());

/** The csv saver, whose answer gets lost the first time, though the rows are saved. */
function losingAnswers(): IDataSaver & { losing: boolean } {
  const saver = place.factory.createDataSaver("csv");
  const losing = {
    losing: true,
    storageId: saver.storageId,
    keptMarks: (name: string) => saver.keptMarks(name),
    getData: (name: string, options?: object) => place.factory.createDataSource("csv").getData(name, options),
    healthCheck: () => saver.healthCheck(),
    saveWithBackup: (data: DataFrame, name: string, options?: SaveOptions) => saver.saveWithBackup(data, name, options),
    async saveData(data: DataFrame, name: string, options?: SaveOptions) {
      await saver.saveData(data, name, options);
      if (!losing.losing) return true;
      losing.losing = false;
      throw new UnavailableError("The answer was lost.");
    },
  };
  return losing;
}

test("new data swallowed by a pending load: what came after a load broke off is loaded too", async () => {
  await place.save("temp", "pending", prices("A", 5));
  const saver = losingAnswers();
  const pipeline = definePipeline({
    name: "pending",
    retries: { attempts: 1 },
    steps: [{ copy: { from: "temp:pending", to: saver, incremental: { cursor: "ts" } } }],
  });
  await expect(pipeline.run(place.options)).rejects.toThrow("The answer was lost.");
  await place.save("temp", "pending", prices("A", 3, 5), "append");
  await pipeline.resume(undefined, place.options);
  await place.save("temp", "pending", prices("A", 2, 8), "append");
  await pipeline.run(place.options);
  expect(await place.rows("csv", "pending")).toHaveLength(10);
});

test("duplicates after a failed state write: rows that were saved before the ledger knew are not saved again", async () => {
  await place.save("temp", "state-write", prices("A", 5));
  const saver = losingAnswers();
  const append = definePipeline({
    name: "state-write",
    retries: { attempts: 3, delay: 1 },
    copy: { from: "temp:state-write", to: saver, mode: "append" },
  });
  expect((await append.run(place.options)).steps[0]?.sources[0]?.attempts).toBe(2);
  expect(await place.rows("csv", "state-write")).toHaveLength(5);
  saver.losing = true;
  const cursor = definePipeline({
    name: "state-write-2",
    retries: { attempts: 1 },
    copy: { from: "temp:state-write", to: saver, incremental: { cursor: "ts" } },
  });
  await place.save("temp", "state-write", prices("A", 5, 5), "append");
  await expect(cursor.run(place.options)).rejects.toThrow("The answer was lost.");
  // A new run, not the old one gone on with: the cursor stands with the rows.
  await cursor.run(place.options);
  expect(await place.rows("csv", "state-write")).toHaveLength(15);
});

test("progress lost in a long extract: each window is kept with its cursor, and the next run goes on there", async () => {
  await place.save("temp", "long", prices("A", 10 * 60));
  let windows = 0;
  const temp = place.factory.createDataSource("temp");
  const source = {
    listSources: () => temp.listSources(),
    healthCheck: async () => true,
    async getData(name: string, options?: object) {
      windows += 1;
      if (windows === 5) throw new UnavailableError("The source went away.");
      return temp.getData(name, options);
    },
  };
  const pipeline = definePipeline({
    name: "long",
    retries: { attempts: 1 },
    copy: {
      from: source,
      sources: ["long"],
      to: "csv:long",
      incremental: { cursor: "ts", start: "2024-01-01", window: "1h" },
    },
  });
  await expect(pipeline.run(place.options)).rejects.toThrow("The source went away.");
  expect(await place.rows("csv", "long")).toHaveLength(4 * 60);
  const state = await pipeline.state.show(place.options);
  expect(state[0]?.value).toBe("2024-01-01T03:59:00.000000");
}, 300_000);

test("two runs of one pipeline racing: one of many that begin at once runs, and no row is doubled", async () => {
  await place.save("csv", "race", prices("A", 5));
  const pipeline = definePipeline({
    name: "race",
    onOverlap: "skip",
    copy: { from: "csv:race", to: "temp:race", mode: "append" },
  });
  const results = await Promise.all(Array.from({ length: 8 }, () => pipeline.run(place.options)));
  const done = results.filter(({ state }) => state === "done").length;
  expect(done).toBeGreaterThanOrEqual(1);
  expect(await place.rows("temp", "race")).toHaveLength(5 * done);
  expect(await pipeline.runs(place.options)).toHaveLength(done);
});

test("state growing without bound: the ledger keeps as many runs as it is told, and what stands beside the data stays small", async () => {
  await using small = await openPlace({ LEDGER_KEEP: 3 });
  await small.save("csv", "bound", prices("A", 5));
  const pipeline = definePipeline({
    name: "bound",
    undoable: true,
    copy: { from: "csv:bound", to: "csv:bound-out", incremental: { cursor: "ts" } },
  });
  for (let run = 0; run < 6; run++) {
    await small.save("csv", "bound", prices("A", 1, 10 + run), "append");
    await pipeline.run(small.options);
  }
  expect(await pipeline.runs(small.options)).toHaveLength(3);
  await using ledger = await openLedger(small.config, small.factory.logger);
  const touches = await ledger.touches({
    storage: small.factory.createDataSaver("csv").storageId,
    destination: "bound-out",
  });
  // Only the last run can be undone: of what was kept for it there is one backup.
  expect(touches.map(({ before }) => before?.kind)).toEqual([undefined, undefined, "backup"]);
  expect(await small.factory.createDataBackup("csv").listBackups("bound-out")).toHaveLength(1);
  expect(await ledger.cursors("bound")).toHaveLength(1);
});

test("an error that names neither column nor row: it names both, the source, and how to go on", async () => {
  await place.save("csv", "named", [...prices("A", 2), { ts: "2024-01-01T01:00:00", symbol: "A", close: null }]);
  const pipeline = definePipeline({
    name: "named",
    checks: { close: notNull() },
    copy: { from: "csv:named", to: "temp:named" },
  });
  const failure = await pipeline.run(place.options).catch((cause: unknown) => cause);
  expect(failure).toMatchObject({
    message: expect.stringMatching(/^named failed in step copy of "named": .*"close".*row 3/s),
  });
  expect(failure).toMatchObject({ hint: expect.stringContaining("resume(") });
});
