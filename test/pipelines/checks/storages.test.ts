import { afterAll, beforeAll, expect, test } from "vitest";
import type { IDelete } from "../../../src/contracts/delete.ts";
import { heightOf } from "../../../src/frame/access.ts";
import { compareFrames } from "../../../src/frame/compare.ts";
import { frame } from "../../../src/frame/frame.ts";
import type { DataFrame } from "../../../src/frame/polars.ts";
import { quarantineFrame, quarantineKey, restoreRows } from "../../../src/pipelines/checks/quarantine.ts";
import { diffStores } from "../../../src/pipelines/diff/stores.ts";
import { everyType } from "../../frame/samples.ts";
import { type OpenedFactory, openFactory } from "../../storages/factory.ts";

let opened: OpenedFactory;
beforeAll(async () => {
  opened = await openFactory();
});
afterAll(() => opened[Symbol.asyncDispose]());

const upsert = { mode: "upsert", key: quarantineKey } as const;

function aside(df: DataFrame, source = "prices") {
  const faults = Array.from({ length: heightOf(df) }, (_, row) => ({
    row: row + 1,
    checks: ["a"],
    reasons: ["\0 and 🚂"],
  }));
  return quarantineFrame({ frame: df, faults }, { run: "r1", source, at: new Date("2024-03-31T09:30:00.123Z") });
}

test.each(["csv", "postgres", "arctic"])("a quarantine in %s keeps rows of every type, once each", async (type) => {
  const { factory } = opened;
  const { df } = everyType();
  const saver = factory.createDataSaver(type);
  for (let time = 0; time < 2; time++) await saver.saveData(await aside(df), "prices__quarantine", upsert);
  await saver.saveData(await aside(frame({ other: ["x"] }), "rates"), "prices__quarantine", upsert);
  const kept = await factory.createDataSource(type).getData("prices__quarantine");
  expect(heightOf(kept)).toBe(5);
  expect(kept.getColumn("reason").get(0)).toBe("\\0 and 🚂");
  const back = (await restoreRows(kept)).find(({ ids }) => ids.length === 4);
  expect(back?.ids.map((id) => id.split("/").at(-1))).toEqual(["1", "2", "3", "4"]);
  expect(await compareFrames(back?.frame as DataFrame, df)).toBeNull();
  await (saver as unknown as IDelete).deleteData("prices__quarantine");
});

test("two versions of a symbol in arctic are compared, and its stamp tells one from the other", async () => {
  const { factory } = opened;
  const saver = factory.createDataSaver("arctic");
  const source = factory.createDataSource("arctic");
  await saver.saveData(frame({ id: [1, 2], x: ["a", "b"] }), "versions");
  const stamp = await source.stamp("versions");
  expect(await source.stamp("versions")).toBe(stamp);
  await saver.saveData(frame({ id: [1, 2, 3], x: ["a", "c", "d"] }), "versions");
  expect(await source.stamp("versions")).not.toBe(stamp);
  const found = await diffStores(
    { source, name: "versions", options: { asOf: 0 } as object },
    { source, name: "versions" },
    { key: ["id"] },
  );
  expect(found).toMatchObject({ added: 1, removed: 0, changed: 1, unchanged: 1, changes: { x: 1 } });
});
