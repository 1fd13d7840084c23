import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, expect, test } from "vitest";
import { frame } from "../../src/frame/frame.ts";
import type { DataFrame } from "../../src/frame/polars.ts";
import { definePipeline } from "../../src/pipelines/define.ts";
import { openLedger } from "../../src/pipelines/ledger/open.ts";
import { tableStatements } from "../../src/pipelines/ledger/tables.ts";
import { batchRowsFor } from "../../src/pipelines/run/budget.ts";
import { openPlace } from "./open.ts";

let place: Awaited<ReturnType<typeof openPlace>>;
afterEach(() => place[Symbol.asyncDispose]());

/** A saver that keeps the heights of the batches that it gets. */
function counting() {
  const heights: number[] = [];
  return {
    heights,
    storageId: "counting",
    async saveBatches(batches: AsyncIterable<DataFrame>) {
      for await (const batch of batches) heights.push(batch.height);
      return true;
    },
    saveData: async () => true,
    saveWithBackup: async () => true,
    healthCheck: async () => true,
  };
}

/** Rows of about `width` bytes. */
const wide = (count: number, width: number) =>
  frame(Array.from({ length: count }, (_, id) => ({ id, text: String(id).padEnd(width, "x") })));

test("a memory budget makes batches smaller, by the width of the rows, and all rows still come in order", async () => {
  place = await openPlace({ BUDGET_MEMORY: "4GB" });
  await place.factory.createDataSaver("temp").saveData(wide(2_000, 100_000), "wide");
  const to = counting();
  const copy = definePipeline({ name: "copy", copy: { from: "temp:wide", to } });
  await copy.run(place.options);
  expect(to.heights.reduce((sum, each) => sum + each, 0)).toBe(2_000);
  // A 64th of 4 GB, in rows of 100 kB.
  expect(Math.max(...to.heights)).toBeLessThan(800);
  expect(to.heights.length).toBeGreaterThan(2);
});

test("without a budget batches have their usual number of rows, however wide", async () => {
  place = await openPlace();
  expect(batchRowsFor(wide(10, 100_000), {} as never)).toBe(65_536);
});

test("a run that takes more than its budget is done all the same, and warns with what was measured", async () => {
  place = await openPlace({ BUDGET_MEMORY: "1MB", BUDGET_STALL: "1h" });
  await place.factory.createDataSaver("temp").saveData(wide(10, 10), "in");
  const run = await definePipeline({ name: "tight", copy: { from: "temp:in", to: "csv:out" } }).run(place.options);
  expect(run.state).toBe("done");
  expect(run.spent?.peakBytes).toBeGreaterThan(2 ** 20);
  expect(place.lines).toContainEqual(
    expect.stringMatching(/^tight did not keep its budget: the process held \d+ MB of 1 MB\. /),
  );
  const ended = place.events.at(-1);
  expect(ended).toMatchObject({ type: "run-ended", over: [expect.stringContaining("of 1 MB")] });
});

test("a run that blocks the event loop for longer than it may says for how long", async () => {
  place = await openPlace({ BUDGET_STALL: "40ms" });
  const run = await definePipeline({
    name: "blocking",
    steps: [
      () => {
        const until = performance.now() + 120;
        while (performance.now() < until);
      },
    ],
  }).run(place.options);
  expect(run.spent?.stallMs).toBeGreaterThanOrEqual(100);
  expect(place.lines).toContainEqual(expect.stringMatching(/budget: the event loop was blocked for \d+ ms of 40 ms/));
});

test("what a run took stands in its record, also in a ledger that an older version made", async () => {
  place = await openPlace();
  const { config, factory, options } = place;
  const folder = join(config.FS_DATA, ".millrace");
  await mkdir(folder, { recursive: true });
  const older = new DatabaseSync(join(folder, "ledger.sqlite"));
  for (const statement of tableStatements("")) older.exec(statement.replace(", spent text", ""));
  older.exec("PRAGMA user_version = 1");
  older.exec(
    `INSERT INTO runs VALUES ('1', 'kept', '1', 'done', '2024-01-01', '2024-01-01', 0, 'me', '{}', NULL, 1, 1, NULL)`,
  );
  older.close();
  await definePipeline({ name: "kept", steps: [() => {}] }).run(options);
  await using ledger = await openLedger(config, factory.logger);
  const [newest, oldest] = await ledger.runs({ pipeline: "kept" });
  expect(newest?.spent?.peakBytes).toBeGreaterThan(10 * 2 ** 20);
  expect(oldest).toMatchObject({ id: "1", spent: null });
});
