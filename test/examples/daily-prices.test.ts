import { afterAll, beforeAll, expect, test } from "vitest";
import { dailyPrices } from "../../examples/daily-prices.ts";
import { startReplica } from "../../examples/finviz/replica/server.ts";
import { heightOf } from "../../src/frame/access.ts";
import { type OpenedFactory, openFactory } from "../storages/factory.ts";

let replica: Awaited<ReturnType<typeof startReplica>>;
let opened: OpenedFactory;
beforeAll(async () => {
  replica = await startReplica({ stocks: 45 });
  opened = await openFactory({ FINVIZ_URL: replica.url });
});
afterAll(async () => {
  await replica.close();
  await opened[Symbol.asyncDispose]();
});

test("the example's pipeline scrapes, ranks and copies, can be planned before and undone afterwards", async () => {
  const { factory } = opened;
  const options = { factory, show: "none", signals: false } as const;
  const plan = await dailyPrices.plan({ factory });
  expect(plan.changes.map(({ storage, inserts }) => [storage, inserts])).toEqual([
    ["temp", 45],
    ["postgres", 45],
    ["csv", 45],
    ["arctic", 45],
  ]);
  const { id, steps, rows } = await dailyPrices.run(options);
  expect(steps.map(({ name, state }) => [name, state])).toEqual([
    ["scrape", "done"],
    ["rank", "done"],
    ["copy", "done"],
  ]);
  expect(rows).toBe(4 * 45);
  for (const type of ["postgres", "csv", "arctic"]) {
    expect(heightOf(await factory.createDataSource(type).getData("screener"))).toBe(45);
  }
  await dailyPrices.undo(id, { factory });
  for (const type of ["postgres", "csv", "arctic"]) {
    await expect(factory.createDataSource(type).getData("screener")).rejects.toMatchObject({ code: "FRAME_NOT_FOUND" });
  }
});
