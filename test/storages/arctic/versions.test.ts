import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { frame } from "../../../src/frame/frame.ts";
import { records } from "../../../src/frame/records.ts";
import { ArcticStorage } from "../../../src/storages/arctic/index.ts";
import { type OpenedArctic, openArctic } from "./open.ts";

let opened: OpenedArctic;
beforeAll(async () => {
  opened = await openArctic({ ARCTIC_KEEP_VERSIONS: 4 });
});
afterAll(() => opened[Symbol.asyncDispose]());

const row = (v: number) => frame({ d: ["2024-01-01"], v: [v] }, { d: "date", v: "int8" });
const save = (name: string, v: number) => opened.storage.saver().saveData(row(v), name);
const read = async (name: string, options = {}) =>
  records(await opened.storage.source().getData(name, options)).map(({ v }) => Number(v));
const numbers = async (name: string) =>
  (await opened.storage.source().listVersions(name)).map(({ version }) => version);

describe("an earlier version", () => {
  test("is read by its number, by a moment and from a snapshot, whole, in part and in batches", async () => {
    const { storage } = opened;
    await save("history", 1);
    await sleep(5);
    const between = new Date();
    await sleep(5);
    await save("history", 2);
    await storage.saver().snapshot("quarter");
    await save("history", 3);
    expect(await read("history")).toEqual([3]);
    expect(await read("history", { asOf: 0 })).toEqual([1]);
    expect(await read("history", { asOf: between })).toEqual([1]);
    expect(await read("history", { asOf: between.toISOString(), columns: ["v"] })).toEqual([1]);
    expect(await read("history", { asOf: { snapshot: "quarter" } })).toEqual([2]);
    expect(await read("history", { asOf: { snapshot: "quarter" }, from: "2024-01-01" })).toEqual([2]);
    for await (const piece of storage.source().getBatches("history", { asOf: 1 })) {
      expect(records(piece)).toEqual([{ d: "2024-01-01", v: 2 }]);
    }
  });

  test("that is not there is told with those that are", async () => {
    await save("short", 1);
    const missing = { name: "NotFoundError", message: expect.stringMatching(/of short in ArcticDB.*There is: 0 \(20/) };
    for (const asOf of [7, new Date(0), { snapshot: "none" }]) {
      await expect(read("short", { asOf })).rejects.toMatchObject(missing);
      await expect(read("short", { asOf, limit: 1 })).rejects.toMatchObject(missing);
    }
    await expect(read("nowhere", { asOf: 0 })).rejects.toMatchObject({ message: expect.stringMatching(/no nowhere/) });
    await expect(read("short", { asOf: "yesterday" })).rejects.toMatchObject({ name: "ConfigError" });
    await expect(read("short", { asOf: -1 })).rejects.toMatchObject({ name: "ConfigError" });
  });

  test("becomes the newest again, and what stood there stays", async () => {
    const saver = opened.storage.saver();
    await save("undone", 1);
    await save("undone", 2);
    await saver.restoreVersion("undone", 0);
    expect(await read("undone")).toEqual([1]);
    expect(await read("undone", { asOf: 1 })).toEqual([2]);
    await saver.saveData(row(9), "undone", { mode: "append" });
    expect(await read("undone")).toEqual([1, 9]);
    await expect(saver.restoreVersion("undone", 44)).rejects.toMatchObject({ name: "NotFoundError" });
  });
});

describe("versions", () => {
  test("of millrace stay ARCTIC_KEEP_VERSIONS at a time; those of Python and of snapshots stay", async () => {
    const { storage } = opened;
    await opened.python(`
import pandas as pd
library.write('kept', pd.DataFrame({'v': [100]}))
print('{}')`);
    await save("kept", 1);
    await storage.saver().snapshot("first", { names: ["kept"] });
    for (let v = 2; v <= 8; v += 1) await save("kept", v);
    expect(await numbers("kept")).toEqual([8, 7, 6, 5, 1, 0]);
    expect(await read("kept", { asOf: { snapshot: "first" } })).toEqual([1]);
    expect(await read("kept", { asOf: 0 })).toEqual([100]);
    expect(await storage.source().listVersions("kept")).toMatchObject([
      { version: 8, deleted: false, by: { pid: process.pid } },
      {},
      {},
      {},
      { version: 1, deleted: true, snapshots: ["first"], by: { pid: process.pid } },
      { version: 0, deleted: false, by: null },
    ]);
  });

  test("tell which service saved them, in which run, and when", async () => {
    const { config, logger } = opened;
    const named = { ...logger, bindings: () => ({ service: "nightly" }) };
    const before = Date.now();
    await new ArcticStorage({ config, logger: named })
      .saver()
      .saveData(row(1), "signed", { run: { id: "r1", part: "copy/signed" } });
    const [version] = await opened.storage.source().listVersions("signed");
    expect(version?.by).toMatchObject({ service: "nightly", pid: process.pid, run: { id: "r1" } });
    expect(Number(version?.saved)).toBeGreaterThanOrEqual(before - 1);
    expect(Number(version?.saved)).toBeLessThanOrEqual(Date.now() + 1);
  });

  test("are pruned on demand, those of other programs only when asked, and never the newest", async () => {
    const saver = opened.storage.saver();
    for (let v = 1; v <= 3; v += 1) await save("pruned", v);
    await opened.python(`
import pandas as pd
library.write('pruned', pd.DataFrame({'v': [100]}))
library.write('pruned', pd.DataFrame({'v': [200]}))
print('{}')`);
    expect(await saver.pruneVersions("pruned", { keepLast: 1 })).toEqual([1, 0]);
    expect(await numbers("pruned")).toEqual([4, 3, 2]);
    expect(await saver.pruneVersions("pruned", { keepLast: 1, others: true })).toEqual([3, 2]);
    expect(await read("pruned")).toEqual([200]);
    await expect(saver.pruneVersions("pruned", { keepLast: 0 })).rejects.toMatchObject({ name: "ConfigError" });
    await expect(saver.pruneVersions("nowhere", { keepLast: 1 })).rejects.toMatchObject({ name: "NotFoundError" });
  });
});

describe("snapshots", () => {
  test("are listed with their maker, refuse a name twice, and go", async () => {
    const { storage } = opened;
    await save("shot", 1);
    await storage.saver().snapshot("listed", { names: ["shot"] });
    const listed = (await storage.source().listSnapshots()).find(({ name }) => name === "listed");
    expect(listed).toMatchObject({ by: { pid: process.pid }, made: expect.any(Date) });
    await expect(storage.saver().snapshot("listed")).rejects.toMatchObject({ code: "NAME_CONFLICT" });
    await expect(storage.saver().snapshot("other", { names: ["nowhere"] })).rejects.toMatchObject({
      name: "NotFoundError",
    });
    expect(await storage.saver().deleteSnapshot("listed")).toBe(true);
    expect(await storage.saver().deleteSnapshot("listed")).toBe(false);
    await expect(read("shot", { asOf: { snapshot: "listed" } })).rejects.toMatchObject({ name: "NotFoundError" });
  });

  test("hold a symbol that was deleted since", async () => {
    const { storage } = opened;
    await save("gone", 1);
    await storage.saver().snapshot("before");
    expect(await storage.saver().deleteData("gone")).toBe(true);
    expect(await storage.source().listSources()).not.toContain("gone");
    expect(await read("gone", { asOf: { snapshot: "before" } })).toEqual([1]);
    await storage.saver().restoreVersion("gone", { snapshot: "before" });
    expect(await read("gone")).toEqual([1]);
  });
});

describe("backups of all symbols", () => {
  test("are of one moment, leave no snapshot, and restore into an empty library elsewhere", async () => {
    await using first = await openArctic();
    await using second = await openArctic({ FS_BACKUP: `${first.folder}/data/backups` });
    for (const name of ["one", "two", "three"]) await first.storage.saver().saveData(row(1), name);
    const backup = first.storage.backup();
    const done = await backup.backupAll();
    expect(done.map(([name]) => name)).toEqual(["one", "three", "two"]);
    expect(await first.storage.source().listSnapshots()).toEqual([]);
    for (const [name, location] of done) await second.storage.backup().restoreData(location, name);
    expect(await second.storage.source().listSources()).toEqual(["one", "three", "two"]);
    expect(records(await second.storage.source().getData("two"))).toEqual([{ d: "2024-01-01", v: 1 }]);
  });

  test("hold no row that was saved after they began", async () => {
    await using own = await openArctic();
    const { storage } = own;
    for (const name of ["a", "b"]) await storage.saver().saveData(row(1), name);
    const [all] = await Promise.all([
      storage.backup().backupAll(),
      (async () => {
        while ((await storage.source().listSnapshots()).length === 0) await sleep(1);
        await storage.saver().saveData(row(2), "b");
      })(),
    ]);
    const [, location = ""] = all.find(([name]) => name === "b") ?? [];
    await storage.backup().restoreData(location, "b");
    expect(records(await storage.source().getData("b"))).toEqual([{ d: "2024-01-01", v: 1 }]);
  });
});
