import { AsyncLocalStorage } from "node:async_hooks";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { manifestName, manifestText, parseManifest } from "../../src/backups/manifest.ts";
import { dataFileName, isScratchName } from "../../src/backups/service.ts";
import { ConflictError, UnavailableError } from "../../src/errors.ts";
import { type DataFrame, pl } from "../../src/frame/polars.ts";
import { isStaging } from "../../src/system/place-file.ts";
import { smallDisk } from "../system/disk.ts";
import { testFolder } from "../system/folder.ts";
import { ShelfBackup } from "./shelf.ts";

const numbers = (...values: number[]) => pl.DataFrame({ a: values, b: values.map(String) });
const column = (frame: DataFrame) => frame.getColumn("a").toArray();

async function damage(location: string): Promise<void> {
  const file = join(location, `${dataFileName}.zst`);
  const bytes = await readFile(file);
  bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] ?? 0) ^ 4;
  await writeFile(file, bytes);
}

let root: string;
let shelf: ShelfBackup;

beforeEach(async () => {
  root = await testFolder();
  shelf = new ShelfBackup(root);
});

async function backUp(name: string): Promise<string> {
  const [ok, location] = await shelf.backupData(name);
  if (!ok || location === null) throw new Error(`There was no ${name}.`);
  return location;
}

describe("backupData", () => {
  it("gives the location of a verified backup, and [false, null] when nothing has that name", async () => {
    await shelf.put("x", numbers(1, 2));
    const location = await backUp("x");
    expect(await shelf.verifyBackup(location)).toBe(true);
    expect(await shelf.listBackups("x")).toMatchObject([{ location, source: "x", rows: 2, storage: "shelf" }]);
    expect(await shelf.backupData("y")).toEqual([false, null]);
    expect(await shelf.listBackups()).toHaveLength(1);
  });

  it("rejects with BACKUP_FAILED and its cause when it could not be made", async () => {
    await shelf.put("x", numbers(1));
    const cause = new Error("the disk hums");
    shelf.fault = () => {
      throw cause;
    };
    await expect(shelf.backupData("x")).rejects.toMatchObject({
      code: "BACKUP_FAILED",
      storage: "shelf",
      frame: "x",
      cause,
    });
    expect(await shelf.listBackups()).toEqual([]);
  });

  it("on a full disk says so, keeps the older backups, and leaves nothing of the new one", async ({ skip }) => {
    const disk = await smallDisk("1m");
    if (disk === null) return skip("this user can't mount a small disk");
    const small = new ShelfBackup(root, 3, true, disk);
    await small.put("x", numbers(1));
    const [, location] = await small.backupData("x");
    await small.put("x", numbers(...Array.from({ length: 100_000 }, (_, index) => index)));
    await expect(small.backupData("x")).rejects.toMatchObject({ code: "BACKUP_FAILED", cause: { code: "DISK_FULL" } });
    expect(await small.listBackups()).toMatchObject([{ location }]);
    expect(await small.verifyBackup(location ?? "")).toBe(true);
    expect((await readdir(dirname(location ?? ""))).filter(isStaging)).toEqual([]);
  });

  it("lets a wrong name, and what another try can mend, be seen as that", async () => {
    await expect(shelf.backupData("../x")).rejects.toMatchObject({ code: "NAME_INVALID" });
    const down = new UnavailableError("down");
    shelf.fault = () => {
      throw down;
    };
    await expect(shelf.backupData("x")).rejects.toBe(down);
  });
});

describe("backupAll", () => {
  it("backs up every frame", async () => {
    await shelf.put("x", numbers(1));
    await shelf.put("y", numbers(2));
    await shelf.put("millrace_prove_0123456789ab", numbers(3));
    const done = await shelf.backupAll();
    expect(done.map(([name]) => name)).toEqual(["x", "y"]);
    for (const [, location] of done) expect(await shelf.verifyBackup(location)).toBe(true);
  });

  it("tries all, then rejects naming those that failed and those done", async () => {
    for (const name of ["x", "y", "z"]) await shelf.put(name, numbers(1));
    shelf.fault = (_, name) => {
      if (name !== "z") throw new Error(`no ${name} today`);
    };
    const all = shelf.backupAll();
    await expect(all).rejects.toMatchObject({ code: "BACKUP_FAILED" });
    await expect(all).rejects.toThrow(/x .*no x today.*y .*no y today.*Done: z\./);
    expect((await shelf.listBackups()).map(({ source }) => source)).toEqual(["z"]);
  });
});

describe("restoreData", () => {
  it("brings the frame back under its own name, and backs up first what stood there", async () => {
    await shelf.put("x", numbers(1));
    const first = await backUp("x");
    await shelf.put("x", numbers(2));
    expect(await shelf.restoreData(first)).toBe(true);
    expect(column(await shelf.load("x"))).toEqual([1]);
    const [newest] = await shelf.listBackups("x");
    await shelf.restoreData(newest?.location ?? "");
    expect(column(await shelf.load("x"))).toEqual([2]);
  });

  it("brings it back under another name, which may be new", async () => {
    await shelf.put("x", numbers(1));
    const location = await backUp("x");
    await shelf.restoreData(location, "y");
    expect(column(await shelf.load("y"))).toEqual([1]);
    expect(await shelf.listBackups("y")).toEqual([]);
  });

  it("refuses a backup with one changed byte, and leaves what stands there", async () => {
    await shelf.put("x", numbers(1));
    const location = await backUp("x");
    await damage(location);
    await shelf.put("x", numbers(2));
    expect(await shelf.verifyBackup(location)).toBe(false);
    const restoring = shelf.restoreData(location);
    await expect(restoring).rejects.toMatchObject({ code: "BACKUP_CORRUPT", frame: "x" });
    await expect(restoring).rejects.toThrow(dataFileName);
    expect(column(await shelf.load("x"))).toEqual([2]);
  });

  it("restores nothing when what stands there can't be backed up", async () => {
    await shelf.put("x", numbers(1));
    const location = await backUp("x");
    await shelf.put("x", numbers(2));
    shelf.fault = (step) => {
      if (step === "dump") throw new Error("no space");
    };
    await expect(shelf.restoreData(location)).rejects.toMatchObject({ code: "BACKUP_FAILED" });
    expect(column(await shelf.load("x"))).toEqual([2]);
  });

  it("keeps every other writer of that name out between its backup and its restore", async () => {
    await shelf.put("x", numbers(1));
    const location = await backUp("x");
    const entered: string[] = [];
    const outside = AsyncLocalStorage.snapshot();
    let writer: Promise<unknown> = Promise.resolve();
    shelf.fault = (step) => {
      entered.push(step);
      if (step === "dump") writer = outside(() => shelf.exclusive("x", async () => entered.push("writer")));
    };
    await shelf.restoreData(location);
    await writer;
    expect(entered).toEqual(["dump", "restore", "writer"]);
  });

  it("rejects a location where no backup stands", async () => {
    await expect(shelf.restoreData(join(root, "shelf"))).rejects.toMatchObject({ code: "BACKUP_NOT_FOUND" });
  });
});

describe("backUpThenSave", () => {
  it("backs up what stands there, saves, and keeps the last BACKUP_KEEP backups", async () => {
    for (const value of [1, 2, 3, 4, 5, 6]) {
      const saved = shelf.exclusive("x", () =>
        shelf.backUpThenSave("x", () => shelf.put("x", numbers(value)).then(() => value)),
      );
      expect(await saved).toBe(value);
    }
    const kept = await shelf.listBackups("x");
    expect(kept.map(({ sequence }) => sequence)).toEqual([5, 4, 3]);
    await shelf.restoreData(kept[0]?.location ?? "", "y");
    expect(column(await shelf.load("y"))).toEqual([5]);
  });

  it("saves nothing when the backup fails", async () => {
    await shelf.put("x", numbers(1));
    shelf.fault = () => {
      throw new Error("no");
    };
    const saving = shelf.backUpThenSave("x", () => shelf.put("x", numbers(2)));
    await expect(saving).rejects.toMatchObject({ code: "BACKUP_FAILED" });
    shelf.fault = () => {};
    expect(column(await shelf.load("x"))).toEqual([1]);
  });

  it("rejects with the reason of an abort, and saves nothing", async () => {
    await shelf.put("x", numbers(1));
    const controller = new AbortController();
    const reason = new Error("enough");
    shelf.fault = () => controller.abort(reason);
    const saving = shelf.backUpThenSave("x", () => shelf.put("x", numbers(2)), controller.signal);
    await expect(saving).rejects.toBe(reason);
    shelf.fault = () => {};
    expect(column(await shelf.load("x"))).toEqual([1]);
    expect(await shelf.listBackups()).toEqual([]);
  });

  it("keeps the backup and the old frame when the save fails", async () => {
    await shelf.put("x", numbers(1));
    const failing = shelf.backUpThenSave("x", () => Promise.reject(new ConflictError("busy")));
    await expect(failing).rejects.toThrow("busy");
    expect(await shelf.listBackups("x")).toHaveLength(1);
  });
});

describe("proveBackup", () => {
  it("restores it beside, compares, remembers when, and leaves nothing behind", async () => {
    await shelf.put("x", numbers(1, 2));
    const location = await backUp("x");
    await shelf.put("x", numbers(3));
    expect(await shelf.proveBackup(location)).toBe(true);
    const [record] = await shelf.listBackups("x");
    expect(record?.proven).toBeInstanceOf(Date);
    expect(await shelf.names()).toEqual(["x"]);
    expect(column(await shelf.load("x"))).toEqual([3]);
  });

  it("proves a frame whose columns are called like a frame's own members", async () => {
    await shelf.put("x", pl.DataFrame({ height: [1, 2, 3], lazy: [4, 5, 6], columns: ["a", "b", "c"] }));
    expect(await shelf.proveBackup(await backUp("x"))).toBe(true);
  });

  it("is false when what comes back differs, and says in what", async () => {
    await shelf.put("x", numbers(1, 2));
    const location = await backUp("x");
    shelf.alter = (frame) => frame.withColumns(pl.col("a").add(1));
    expect(await shelf.proveBackup(location)).toBe(false);
    expect(shelf.warnings.join()).toMatch(/does not come back equal/);
    shelf.alter = (frame) => frame.reverse();
    expect(await shelf.proveBackup(location)).toBe(false);
    expect((await shelf.listBackups("x"))[0]?.proven).toBeUndefined();
    expect(await shelf.names()).toEqual(["x"]);
  });

  it("compares with what the manifest says, not only with the backup's own files", async () => {
    await shelf.put("x", numbers(1, 2));
    const location = await backUp("x");
    const path = join(location, manifestName);
    const manifest = parseManifest(await readFile(path, "utf8"), location);
    expect(manifest.content).toMatch(/^rows-1:[0-9a-f]{64}$/);
    const others = [
      { rows: 3 },
      { content: `rows-1:${"0".repeat(64)}` },
      { schema: { fields: [{ name: "a", type: "int64", nullable: true }] } },
    ];
    for (const other of others) {
      await writeFile(path, manifestText({ ...manifest, ...other }));
      expect([other, await shelf.verifyBackup(location)]).toEqual([other, true]);
      expect([other, await shelf.proveBackup(location)]).toEqual([other, false]);
    }
    await writeFile(path, manifestText(manifest));
    expect(await shelf.proveBackup(location)).toBe(true);
  });

  it("takes rows in any order from a storage that keeps none", async () => {
    const bag = new ShelfBackup(root, 3, false);
    await bag.put("x", numbers(1, 2));
    const [, location] = await bag.backupData("x");
    bag.alter = (frame) => frame.reverse();
    expect(await bag.proveBackup(location ?? "")).toBe(true);
  });

  it("is false for a damaged backup, and cleans up when the restore fails", async () => {
    await shelf.put("x", numbers(1));
    const location = await backUp("x");
    shelf.fault = (step) => {
      if (step === "load") throw new UnavailableError("down");
    };
    await expect(shelf.proveBackup(location)).rejects.toThrow("down");
    shelf.fault = () => {};
    expect(await shelf.names()).toEqual(["x"]);
    await damage(location);
    expect(await shelf.proveBackup(location)).toBe(false);
  });

  it("uses a scratch name that listings know", () => {
    expect(isScratchName("millrace_prove_0123456789ab")).toBe(true);
    expect(isScratchName("prices")).toBe(false);
  });
});

describe("healthCheck", () => {
  it("is true when backups can be made, and never throws", async () => {
    expect(await shelf.healthCheck()).toBe(true);
    shelf.works = false;
    expect(await shelf.healthCheck()).toBe(false);
    await writeFile(join(root, "file"), "");
    expect(await new ShelfBackup(join(root, "file")).healthCheck()).toBe(false);
  });
});

describe("healthCheck with BACKUP_MAX_AGE", () => {
  const aged = (maxAge: number) => new ShelfBackup(root, 3, true, root, "shelf:here", maxAge);

  it("is true only while every frame with backups has a proven one that is young enough", async () => {
    const day = aged(86_400_000);
    expect(await day.healthCheck()).toBe(true);
    for (const name of ["x", "y"]) await shelf.put(name, numbers(1));
    expect(await day.healthCheck()).toBe(false);
    const location = await backUp("x");
    expect(await day.healthCheck()).toBe(false);
    await shelf.proveBackup(location);
    expect(await day.healthCheck()).toBe(true);
    expect(await aged(0).healthCheck()).toBe(false);
    const other = await backUp("y");
    expect(await day.healthCheck()).toBe(false);
    await shelf.proveBackup(other);
    expect(await day.healthCheck()).toBe(true);
    expect(await shelf.healthCheck()).toBe(true);
  });
});

describe("pruneBackups", () => {
  it("goes by the policy", async () => {
    await shelf.put("x", numbers(1));
    const [first, second] = [await backUp("x"), await backUp("x")];
    expect(await shelf.pruneBackups({ keepLast: 1, dryRun: true })).toMatchObject([{ location: first }]);
    expect(await shelf.pruneBackups({ keepLast: 1 })).toMatchObject([{ location: first }]);
    expect(await shelf.listBackups()).toMatchObject([{ location: second }]);
  });
});
