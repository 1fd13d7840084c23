import fc from "fast-check";
import { expect, test } from "vitest";
import { heightOf } from "../../../src/frame/access.ts";
import { compareFrames } from "../../../src/frame/compare.ts";
import { frame } from "../../../src/frame/frame.ts";
import type { DataFrame } from "../../../src/frame/polars.ts";
import { records } from "../../../src/frame/records.ts";
import { schemaOf } from "../../../src/frame/schema.ts";
import type { BadRows } from "../../../src/pipelines/checks/checker.ts";
import { evaluateChecks } from "../../../src/pipelines/checks/evaluate.ts";
import { quarantineFrame, restoreRows } from "../../../src/pipelines/checks/quarantine.ts";
import { between, check, unique } from "../../../src/pipelines/checks/rules.ts";
import { anyColumns } from "../../frame/arbitrary.ts";
import { everyType } from "../../frame/samples.ts";

const about = { run: "r1", source: "prices", at: new Date("2024-03-31T09:30:00.123Z") };

function allBad(df: DataFrame): BadRows {
  const faults = Array.from({ length: heightOf(df) }, (_, row) => ({ row: row + 1, checks: ["a check"], reasons: [] }));
  return { frame: df, faults };
}

test("rows of every type come out of a quarantine exactly as they were", async () => {
  const { df } = everyType(700);
  const [back] = await restoreRows(await quarantineFrame(allBad(df), about));
  expect(await compareFrames(back?.frame as DataFrame, df)).toBeNull();
});

test("random rows come out of a quarantine exactly as they were", async () => {
  await fc.assert(
    fc.asyncProperty(anyColumns(6), async (columns) => {
      const fields = [...columns].map(([name, { type }]) => ({ name, type, nullable: true }));
      const df = frame(Object.fromEntries([...columns].map(([name, { values }]) => [name, values])), { fields });
      fc.pre(heightOf(df) > 0);
      const [back] = await restoreRows(await quarantineFrame(allBad(df), about));
      expect(await compareFrames(back?.frame as DataFrame, df)).toBeNull();
    }),
    { numRuns: 60 },
  );
});

test("each row is kept with its checks, what they say, its run and its number", async () => {
  const df = frame({ symbol: ["A", "B", "A"], close: [1, -2, -3] });
  const checks = {
    close: [between(0, 10), check("no debt", (value: number) => value > -3 || `${value} is too deep`)],
    symbol: unique(),
  };
  const { bad, good, stop } = await evaluateChecks(df, checks, { onFail: "quarantine" });
  expect(stop).toBeNull();
  expect(records(good)).toEqual([{ symbol: "A", close: 1 }]);
  const kept = await quarantineFrame(bad as BadRows, about);
  expect(records(kept)).toEqual([
    {
      id: "r1/prices/2",
      run: "r1",
      at: "2024-03-31T09:30:00.123000Z",
      source: "prices",
      row: 2n,
      check: '"close" between(0, 10)',
      reason: 'It breaks "close" between(0, 10).',
      columns: '[["symbol","string"],["close","float64"]]',
      values: '{"symbol":"B","close":-2}',
    },
    expect.objectContaining({
      id: "r1/prices/3",
      row: 3n,
      check: '"close" between(0, 10); "close" no debt; "symbol" unique()',
      reason: "-3 is too deep",
      values: '{"symbol":"A","close":-3}',
    }),
  ]);
});

test("a quarantine of rows with different columns gives a frame for each", async () => {
  const one = await quarantineFrame(allBad(frame({ a: [1, 2] })), about);
  const other = await quarantineFrame(allBad(frame({ a: ["x"], b: [9007199254740993n] })), {
    ...about,
    source: "other",
  });
  const back = await restoreRows(one.vstack(other));
  expect(back.map(({ frame: df, ids }) => [records(df), ids])).toEqual([
    [
      [{ a: 1 }, { a: 2 }],
      ["r1/prices/1", "r1/prices/2"],
    ],
    [[{ a: "x", b: 9007199254740993n }], ["r1/other/1"]],
  ]);
});

test("a quarantined row that somebody changed is refused and named", async () => {
  const kept = await quarantineFrame(allBad(frame({ a: [1] })), about);
  const changed = frame([{ ...records(kept)[0], values: "{broken" }] as never, {
    fields: schemaOf(kept).fields,
  });
  await expect(restoreRows(changed)).rejects.toThrow('at or after "r1/prices/1"');
});
