import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { IDataSource } from "../../src/contracts/data-source.ts";
import type { IKeepsMarks } from "../../src/contracts/run-mark.ts";
import { heightOf } from "../../src/frame/access.ts";
import { frame } from "../../src/frame/frame.ts";
import { isDone, nextMarks } from "../../src/storages/marks.ts";
import { type OpenedFactory, openFactory } from "./factory.ts";

let opened: OpenedFactory;
beforeAll(async () => {
  opened = await openFactory();
});
afterAll(() => opened[Symbol.asyncDispose]());

const rows = (...ids: number[]) =>
  frame(
    ids.map((id) => ({ id, ts: `2024-01-0${id}` })),
    { id: "int64", ts: "date" },
  );
const mark = (part: string, more: object = {}) => ({ run: { id: "run 1", part, ...more } });
async function* batches(...ids: number[]) {
  for (const id of ids) yield rows(id);
}

describe.each(["csv", "temp", "postgres", "arctic"] as const)("a save of a run in %s", (type) => {
  const saver = () => opened.factory.createDataSaver(type) as ReturnType<typeof opened.factory.createDataSaver<"csv">>;
  const source = (): IDataSource => opened.factory.createDataSource(type);
  const marks = async (name: string) => (saver() as unknown as IKeepsMarks).keptMarks(name);
  const count = async (name: string) => heightOf(await source().getData(name));

  test("is an append once, however often it is repeated", async () => {
    await saver().saveData(rows(1), "once", { mode: "append", ...mark("copy/a") });
    await saver().saveData(rows(1), "once", { mode: "append", ...mark("copy/a", { since: "2024-01-01T00:00:00Z" }) });
    await saver().saveData(rows(2), "once", { mode: "append", ...mark("copy/b") });
    await saver().saveBatches(batches(3, 4), "once", { mode: "append", ...mark("copy/c") });
    await saver().saveBatches(batches(3, 4), "once", { mode: "append", ...mark("copy/c") });
    await saver().saveWithBackup(rows(1), "once", { mode: "append", ...mark("copy/a") });
    expect(await count("once")).toBe(4);
    expect((await marks("once"))?.parts.map(({ part }) => part)).toEqual(["copy/a", "copy/b", "copy/c"]);
  });

  test("keeps its mark through saves of others, and its cursor until it moves", async () => {
    expect(await marks("moved")).toBeNull();
    const cursor = (value: string) => ({ cursor: { reader: "p/copy/a", value } });
    await saver().saveData(rows(1), "moved", { mode: "append", ...mark("copy/a", cursor("2024-01-01")) });
    await saver().saveData(rows(2), "moved", { mode: "append" });
    await saver().saveData(rows(1, 2), "moved");
    expect((await marks("moved"))?.cursors.get("p/copy/a")).toBe("2024-01-01");
    await saver().saveData(rows(1), "moved", { mode: "append", ...mark("copy/a") });
    expect(await count("moved")).toBe(2);
    await saver().saveData(rows(3), "moved", { mode: "upsert", key: ["id"], ...mark("copy/z", cursor("2024-01-03")) });
    expect([...((await marks("moved"))?.cursors ?? [])]).toEqual([["p/copy/a", "2024-01-03"]]);
  });

  if (type !== "temp") {
    test("goes back with the rows when a backup is restored", async () => {
      const backup = opened.factory.createDataBackup(type as "csv");
      const cursor = (value: string) => ({ cursor: { reader: "r", value } });
      await saver().saveData(rows(1), "back", { mode: "append", ...mark("a", cursor("1")) });
      const [, location] = await backup.backupData("back");
      await saver().saveData(rows(2), "back", { mode: "append", ...mark("b", cursor("2")) });
      await backup.restoreData(location as string);
      expect((await marks("back"))?.cursors.get("r")).toBe("1");
      await saver().saveData(rows(2), "back", { mode: "append", ...mark("b", cursor("2")) });
      expect(await count("back")).toBe(2);
    });
  }

  test("is refused without a part, as any wrong option is", async () => {
    const wrong = saver().saveData(rows(1), "wrong", { run: { id: "x" } as never });
    await expect(wrong).rejects.toMatchObject({ code: "CONFIG_INVALID" });
  });
});

test("a mark is known for no longer than the last hundred, and then a repeated append is refused rather than doubled", () => {
  const about = { storage: "csv", frame: "many" };
  const append = (part: string, since?: string) => ({ mode: "append", ...mark(part, { since }) });
  let marks = nextMarks(null, append("first"));
  for (let part = 0; part < 99; part++) marks = nextMarks(marks ?? null, append(`part ${part}`));
  expect(isDone(marks ?? null, append("first", "2024-01-01"), about)).toBe(true);
  marks = nextMarks(marks ?? null, append("one more"));
  expect(marks?.parts).toHaveLength(100);
  expect(() => isDone(marks ?? null, append("first", "2024-01-01"), about)).toThrow(/too many other saves/);
  expect(isDone(marks ?? null, append("begun later", "2999-01-01"), about)).toBe(false);
});

test("a file that another program wrote since tells nothing, so that a repeated append is refused", async () => {
  const saver = opened.factory.createDataSaver("csv");
  await saver.saveData(rows(1), "foreign", { mode: "append", ...mark("a") });
  await writeFile(join(opened.config.FS_DATA, "foreign.csv"), "id,ts\n1,2024-01-01\n9,2024-01-09\n");
  expect(await saver.keptMarks("foreign")).toMatchObject({ changed: true, parts: [] });
  const again = saver.saveData(rows(1), "foreign", { mode: "append", ...mark("a", { since: "2024-01-01T00:00:00Z" }) });
  await expect(again).rejects.toMatchObject({ code: "OUTCOME_UNKNOWN" });
  await saver.saveData(rows(2), "foreign", { mode: "append", ...mark("new") });
});

test("arctic says which run saved a version", async () => {
  const [saver, source] = [opened.factory.createDataSaver("arctic"), opened.factory.createDataSource("arctic")];
  await saver.saveData(rows(1), "versions", mark("copy/x"));
  await saver.saveData(rows(1), "versions");
  expect((await source.listVersions("versions")).map(({ by }) => by?.run)).toEqual([
    undefined,
    { id: "run 1", part: "copy/x" },
  ]);
});
