import { readdir, readFile, stat, truncate } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { frame } from "../../../src/frame/frame.ts";
import type { DataFrame } from "../../../src/frame/polars.ts";
import { records } from "../../../src/frame/records.ts";
import { run } from "../../../src/system/run.ts";
import { smallDisk } from "../../system/disk.ts";
import { testFolder } from "../../system/folder.ts";
import { exchanged, isGone, type OpenedArctic, openArctic, pidOf } from "./open.ts";

const large = (rows: number, first: number): DataFrame =>
  frame({ v: Float64Array.from({ length: rows }, (_, row) => first + Math.sin(row)) }, { v: "float64" });

/** First value and number of rows: enough to tell one version from another, and from a mixture. */
async function seen(opened: OpenedArctic, name: string): Promise<[number, number]> {
  const found = await opened.storage.source().getData(name);
  return [Number(records(found.head(1))[0]?.v), found.height];
}

describe("a store that is full", () => {
  test("refuses the save as DISK_FULL when LMDB's map is full; the last version stays, and small saves work", async () => {
    await using opened = await openArctic();
    const place = `lmdb://${join(opened.folder, "small")}?map_size=8MB`;
    await using small = await openArctic({ ARCTIC_HOST: place });
    const saver = small.storage.saver();
    await saver.saveData(large(10, 1), "kept");
    await expect(saver.saveData(large(3_000_000, 2), "kept")).rejects.toMatchObject({
      name: "SaveError",
      code: "DISK_FULL",
      hint: expect.stringMatching(/map_size/),
    });
    expect(await seen(small, "kept")).toEqual([1, 10]);
    expect(await exchanged(small)).toEqual([]);
    await saver.saveData(large(20, 3), "kept");
    expect(await seen(small, "kept")).toEqual([3, 20]);
  });

  test("refuses the save when its disk is full, and the last version stays", async ({ skip }) => {
    const disk = await smallDisk("12m");
    if (disk === null) return skip("This user can't mount a small disk.");
    await using opened = await openArctic({ ARCTIC_HOST: `lmdb://${disk}/store` });
    const saver = opened.storage.saver();
    await saver.saveData(large(10, 1), "kept");
    await expect(saver.saveData(large(3_000_000, 2), "kept")).rejects.toMatchObject({
      name: expect.stringMatching(/SaveError|UnavailableError/),
      hint: expect.stringMatching(/./),
    });
    expect(await seen(opened, "kept")).toEqual([1, 10]);
    expect(await exchanged(opened)).toEqual([]);
    const pid = await pidOf(opened);
    await opened.storage.stopHelpers({ force: true });
    // The disk can be taken away once the last file on it is closed.
    expect(await isGone(pid)).toBe(true);
  });

  test("takes more than one map size of most stores, since LMDB's map is larger than any disk", async () => {
    await using opened = await openArctic();
    await opened.storage.saver().saveData(large(2_000_000, 1), "big");
    const file = join(opened.config.FS_DATA, "arctic", opened.config.ARCTIC_LIBRARY, "data.mdb");
    expect((await stat(file)).size).toBeGreaterThan(8 * 2 ** 20);
    expect(await seen(opened, "big")).toEqual([1, 2_000_000]);
  });
});

test("a /dev/shm of 64 MB, as containers have it, is enough for frames that are larger", async ({ skip }) => {
  const folder = await testFolder();
  const settings = JSON.stringify({ FS_DATA: join(folder, "data"), FS_TEMP: join(folder, "temp") });
  const program = join(import.meta.dirname, "programs/large.ts");
  const small = "mount -t tmpfs -o size=64m none /dev/shm || exit 77";
  const command = `${small}; exec "$0" "$1" "$2"`;
  const ended = await run("unshare", ["-m", "/bin/sh", "-c", command, process.execPath, program, settings]).catch(
    () => null,
  );
  if (ended === null || ended.code === 77) return skip("This user can't mount a small disk.");
  expect(ended).toMatchObject({ code: 0 });
  expect(JSON.parse(ended.stdout)).toEqual({ difference: null, rows: 3_000_000, left: [] });
});

describe("a store that is damaged", () => {
  test("because its file was cut short is told as CorruptDataError, which says to restore backups", async () => {
    await using opened = await openArctic();
    const { storage, config } = opened;
    await storage.saver().saveData(large(1_000_000, 1), "kept");
    await storage.stopHelpers({ force: true });
    const file = join(config.FS_DATA, "arctic", config.ARCTIC_LIBRARY, "data.mdb");
    await truncate(file, 64 * 4_096);
    await expect(storage.source().getData("kept")).rejects.toMatchObject({
      name: "CorruptDataError",
      message: expect.stringMatching(/cut short/),
      hint: expect.stringMatching(/backup/),
    });
  });
});

describe("a worker that is killed", () => {
  test("at any moment of a save leaves the old version or the new one, and what was acknowledged", async () => {
    await using opened = await openArctic();
    const { storage } = opened;
    await storage.saver().saveData(large(400_000, 0), "kept");
    let last = 0;
    for (const [round, wait] of [0, 15, 40, 80, 160].entries()) {
      const next = round + 1;
      const pid = await pidOf(opened);
      const save = storage
        .saver()
        .saveData(large(400_000 + next, next), "kept")
        .then(
          () => "saved",
          (cause: unknown) => cause,
        );
      await sleep(wait);
      process.kill(pid, "SIGKILL");
      const outcome = await save;
      if (outcome !== "saved") expect(outcome).toMatchObject({ name: "UnavailableError", retryable: true });
      // Where the save was done before the kill, this read may be the one that meets it.
      const [first, height] = await seen(opened, "kept").catch(() => seen(opened, "kept"));
      expect(outcome === "saved" ? [next] : [last, next]).toContain(first);
      expect(height).toBe(400_000 + first);
      last = first;
    }
    expect(await exchanged(opened)).toEqual([]);
  });
});

describe("memory", () => {
  test("goes back to the system after a large read and a large save", async ({ skip }) => {
    if (process.platform !== "linux") return skip("Only Linux tells a process's memory in a file.");
    await using opened = await openArctic();
    const { storage } = opened;
    const resident = async () => {
      const status = await readFile(`/proc/${await pidOf(opened)}/status`, "utf8");
      return Number(/^RssAnon:\s+(\d+)/m.exec(status)?.[1]) / 1024;
    };
    await storage.saver().saveData(large(1_000, 1), "small");
    await storage.source().getData("small");
    const before = await resident();
    const names = ["a", "b", "c", "d", "e", "f", "g", "h"];
    const column = Float64Array.from({ length: 2_000_000 }, (_, row) => Math.sin(row));
    const wide = frame(Object.fromEntries(names.map((name) => [name, column.slice()])));
    await storage.saver().saveData(wide, "wide");
    expect((await storage.source().getData("wide")).height).toBe(2_000_000);
    // The frame has 128 MB. The worker gives back what it holds once it has nothing to do.
    let held = Number.POSITIVE_INFINITY;
    for (let tries = 0; tries < 200 && held >= 64; tries += 1) {
      await sleep(50);
      held = (await resident()) - before;
    }
    expect(held).toBeLessThan(64);
    expect(await exchanged(opened)).toEqual([]);
  });
});

test("nothing of a worker's work is left in the folder of exchange files", async () => {
  await using opened = await openArctic();
  await opened.storage.saver().saveData(large(100_000, 1), "kept");
  await opened.storage.source().getData("kept");
  expect(await exchanged(opened)).toEqual([]);
  expect(await readdir(opened.config.FS_TEMP).catch(() => [])).not.toContain("kept");
});
