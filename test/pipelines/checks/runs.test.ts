import { afterAll, beforeAll, expect, test } from "vitest";
import { heightOf } from "../../../src/frame/access.ts";
import type { DataFrame } from "../../../src/frame/polars.ts";
import { between, check, drift, unique } from "../../../src/pipelines/checks/rules.ts";
import { definePipeline } from "../../../src/pipelines/define.ts";
import { type Opened, openPlace, prices } from "../open.ts";

let place: Opened;
beforeAll(async () => {
  place = await openPlace();
});
afterAll(() => place[Symbol.asyncDispose]());

test("in a copy of many batches a row that repeats one of an earlier batch stops the save, and the old rows stay", async () => {
  const copy = { from: "csv:many", to: "csv:unique", batchRows: 7 } as const;
  const pipeline = definePipeline({ name: "unique-rows", checks: { row: unique("symbol", "ts") }, copy });
  await place.save("csv", "many", prices("A", 30));
  await pipeline.run(place.options);
  await place.save("csv", "many", [...prices("A", 29), ...prices("A", 1)]);
  await expect(pipeline.run(place.options)).rejects.toThrow(
    'Columns "symbol", "ts" break unique("symbol", "ts") in row 30',
  );
  expect(await place.rows("csv", "unique")).toHaveLength(30);
});

test.each([100, 4])("rows that were put aside count in the number of rows, in batches of %i", async (batchRows) => {
  const pipeline = definePipeline({
    name: `aside-${batchRows}`,
    checks: { close: between(0, 5), rows: drift(0.2) },
    onFail: "quarantine",
    copy: { from: "csv:half", to: `csv:half-${batchRows}`, batchRows },
  });
  await place.save("csv", "half", prices("A", 10));
  expect((await pipeline.run(place.options)).rows).toBe(5);
  expect((await pipeline.run(place.options)).rows).toBe(5);
});

test("the number of rows is held against that of the pipeline's own last saves", async () => {
  const pipeline = definePipeline({
    name: "drifting",
    checks: { rows: drift(0.5) },
    copy: { from: "csv:counted", to: "csv:counts" },
  });
  await place.save("csv", "counted", prices("A", 20));
  await pipeline.run(place.options);
  await place.save("csv", "counted", prices("A", 9));
  await expect(pipeline.run(place.options)).rejects.toThrow("there are 9 rows where the last save had 20");
  expect(await place.rows("csv", "counts")).toHaveLength(20);
});

test("a check over the whole frame sees all rows at once, also where a copy has many batches", async () => {
  const seen: number[] = [];
  const whole = check("whole", (df: DataFrame) => {
    seen.push(heightOf(df));
    return true;
  });
  await place.save("csv", "pieces", prices("A", 20));
  await definePipeline({
    name: "whole-frame",
    checks: { frame: whole },
    copy: { from: "csv:pieces", to: "csv:whole", batchRows: 6 },
  }).run(place.options);
  expect(seen).toEqual([20]);
  expect(await place.rows("csv", "whole")).toHaveLength(20);
});
