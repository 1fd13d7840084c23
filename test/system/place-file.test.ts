import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { chmod, type FileHandle, mkdir, open, readdir, readFile, stat, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { SaveError } from "../../src/errors.ts";
import {
  isStaging,
  placeFile,
  placeFolder,
  removeDurably,
  removeFolderDurably,
  removeStaging,
} from "../../src/system/place-file.ts";
import { smallDisk } from "./disk.ts";
import { testFolder } from "./folder.ts";
import { startProgram, supervise } from "./program.ts";

const placing = new URL("programs/place.ts", import.meta.url);
const filling = new URL("programs/fill.ts", import.meta.url);
const write = (text: string) => (staging: string) => writeFile(staging, text);

/** Notes at every fsync whether `path` is in place by then. */
async function watchSyncs(path: string): Promise<string[]> {
  const seen: string[] = [];
  await using handle = await open(join(path, ".."));
  const prototype: FileHandle = Object.getPrototypeOf(handle);
  const { sync } = prototype;
  const spy = vi.spyOn(prototype, "sync").mockImplementation(function (this: FileHandle) {
    seen.push(existsSync(path) ? "after" : "before");
    return sync.call(this);
  });
  onTestFinished(() => spy.mockRestore());
  return seen;
}

describe("placeFile", () => {
  it("makes the folder, writes the file and leaves nothing else", async () => {
    const folder = await testFolder();
    await placeFile(join(folder, "a/b/x.csv"), write("new"));
    expect(await readFile(join(folder, "a/b/x.csv"), "utf8")).toBe("new");
    expect(await readdir(join(folder, "a/b"))).toEqual(["x.csv"]);
  });

  it("is on disk before its final name, and its name after", async () => {
    const path = join(await testFolder(), "x.csv");
    const synced = await watchSyncs(path);
    await placeFile(path, write("new"));
    expect(synced).toEqual(["before", "after"]);
  });

  it("keeps the old file whole while it writes and when the writer fails", async () => {
    const path = join(await testFolder(), "x.csv");
    await writeFile(path, "old");
    const mistake = new TypeError("no number");
    const failing = placeFile(path, async (staging) => {
      await writeFile(staging, "ne");
      expect(await readFile(path, "utf8")).toBe("old");
      throw mistake;
    });
    await expect(failing).rejects.toBe(mistake);
    expect(await readFile(path, "utf8")).toBe("old");
    expect(await readdir(join(path, ".."))).toEqual(["x.csv"]);
  });

  it("refuses when nothing, or no file, was written", async () => {
    const path = join(await testFolder(), "x.csv");
    await expect(placeFile(path, async () => {})).rejects.toThrow(SaveError);
    await expect(placeFile(path, async (staging) => void (await mkdir(staging)))).rejects.toThrow(SaveError);
    expect(await readdir(join(path, ".."))).toEqual([]);
  });

  it("gives the whole staged file to beforePlace, and places nothing when that rejects", async () => {
    const path = join(await testFolder(), "x.csv");
    const beforePlace = async (staging: string) => {
      throw new Error(`refused ${await readFile(staging, "utf8")}`);
    };
    await expect(placeFile(path, write("all of it"), { beforePlace })).rejects.toThrow("refused all of it");
    expect(await readdir(join(path, ".."))).toEqual([]);
  });

  it("an abort, also one in the last moment, leaves the old file and rejects with the signal's reason", async () => {
    const path = join(await testFolder(), "x.csv");
    await writeFile(path, "old");
    const early = new AbortController();
    const reason = new Error("enough");
    const writing = async (staging: string) => {
      await writeFile(staging, "new");
      early.abort(reason);
      throw new Error("the write was cut");
    };
    await expect(placeFile(path, writing, { signal: early.signal })).rejects.toBe(reason);
    const late = new AbortController();
    const beforePlace = async () => late.abort(reason);
    await expect(placeFile(path, write("new"), { signal: late.signal, beforePlace })).rejects.toBe(reason);
    expect(await readFile(path, "utf8")).toBe("old");
    expect(await readdir(join(path, ".."))).toEqual(["x.csv"]);
  });

  it("takes names of up to 255 bytes, which leave no room for a suffix", async () => {
    const folder = await testFolder();
    for (const name of ["x".repeat(200), "ü".repeat(100), "x".repeat(255)]) {
      await placeFile(join(folder, name), async (staging) => {
        await writeFile(staging, "new");
        expect((await readdir(folder)).filter(isStaging)).toHaveLength(1);
      });
      expect(await readFile(join(folder, name), "utf8")).toBe("new");
    }
    expect((await readdir(folder)).filter(isStaging)).toEqual([]);
  });

  it("keeps the rights of the file it replaces, and gives those that were asked for from the first byte on", async () => {
    const path = join(await testFolder(), "x.csv");
    await writeFile(path, "old");
    await chmod(path, 0o640);
    await placeFile(path, write("new"));
    expect((await stat(path)).mode & 0o777).toBe(0o640);
    await placeFile(
      path,
      async (staging) => {
        expect((await stat(staging)).mode & 0o777).toBe(0o600);
        await writeFile(staging, "secret");
      },
      { mode: 0o600 },
    );
    expect((await stat(path)).mode & 0o777).toBe(0o600);
  });

  it("replaces a link rather than the file it points to", async () => {
    const folder = await testFolder();
    await writeFile(join(folder, "other"), "other");
    await symlink(join(folder, "other"), join(folder, "x.csv"));
    await placeFile(join(folder, "x.csv"), write("new"));
    expect(await readFile(join(folder, "other"), "utf8")).toBe("other");
    expect(await readFile(join(folder, "x.csv"), "utf8")).toBe("new");
  });

  it.each(["writing", "placing"])(
    "killed while %s leaves the old file whole, and the next writer cleans up",
    async (step) => {
      const folder = await testFolder();
      const path = join(folder, "x.csv");
      await writeFile(path, "old");
      const program = startProgram(placing, "file", path, step);
      expect(await program.line()).toBe("there");
      await program.kill();
      expect(await readFile(path, "utf8")).toBe("old");
      expect((await readdir(folder)).filter((name) => !isStaging(name))).toEqual(["x.csv"]);
      expect(await readdir(folder)).toHaveLength(2);
      await placeFile(path, write("newer"));
      expect(await readFile(path, "utf8")).toBe("newer");
      expect(await readdir(folder)).toEqual(["x.csv"]);
    },
  );

  it("a file over the limit of the process is DISK_FULL, and the old one stays whole", async () => {
    const path = join(await testFolder(), "x.csv");
    await writeFile(path, "old");
    const limited = ["-c", `ulimit -f 200; exec "$0" "$@"`, process.execPath, filling.pathname, path, "1000000"];
    expect(await supervise(spawn("sh", limited)).line()).toBe("DISK_FULL");
    expect(await readFile(path, "utf8")).toBe("old");
    expect(await readdir(join(path, ".."))).toEqual(["x.csv"]);
  });

  it("a full disk is DISK_FULL, and the old file stays whole", async ({ skip }) => {
    const disk = await smallDisk("1m");
    if (disk === null) return skip("this user can't mount a small disk");
    const path = join(disk, "x.csv");
    await writeFile(path, Buffer.alloc(600_000, "o"));
    const whole = Buffer.alloc(800_000, "n");
    await expect(placeFile(path, (staging) => writeFile(staging, whole))).rejects.toMatchObject({ code: "DISK_FULL" });
    expect(await readFile(path)).toEqual(Buffer.alloc(600_000, "o"));
    expect(await readdir(disk)).toEqual(["x.csv"]);
  });
});

describe("placeFolder", () => {
  const fill = (text: string) => async (staging: string) => {
    await mkdir(join(staging, "sub"));
    await writeFile(join(staging, "sub", "part"), text);
  };

  it("places a folder with all that is in it", async () => {
    const path = join(await testFolder(), "backups", "1");
    await placeFolder(path, fill("new"), { mode: 0o700 });
    expect(await readFile(join(path, "sub/part"), "utf8")).toBe("new");
    expect((await stat(path)).mode & 0o777).toBe(0o700);
    expect(await readdir(join(path, ".."))).toEqual(["1"]);
  });

  it("is on disk with every file and folder before its final name, and its name after", async () => {
    const path = join(await testFolder(), "1");
    const synced = await watchSyncs(path);
    await placeFolder(path, fill("new"));
    expect(synced).toEqual(["before", "before", "before", "after"]);
  });

  it("refuses a target that exists, even an empty one", async () => {
    const path = join(await testFolder(), "1");
    await mkdir(path);
    await expect(placeFolder(path, fill("new"))).rejects.toThrow(SaveError);
    expect(await readdir(path)).toEqual([]);
  });

  it.each(["writing", "placing"])(
    "killed while %s places nothing, and what is left can be cleaned up",
    async (step) => {
      const folder = await testFolder();
      const program = startProgram(placing, "folder", join(folder, "1"), step);
      expect(await program.line()).toBe("there");
      await program.kill();
      expect((await readdir(folder)).filter((name) => !isStaging(name))).toEqual([]);
      expect(await readdir(folder)).toHaveLength(1);
      await removeStaging(folder);
      expect(await readdir(folder)).toEqual([]);
    },
  );
});

describe("removing", () => {
  it("says whether there was something", async () => {
    const folder = await testFolder();
    await writeFile(join(folder, "x"), "");
    await mkdir(join(folder, "y/z"), { recursive: true });
    expect(await removeDurably(join(folder, "x"))).toBe(true);
    expect(await removeDurably(join(folder, "x"))).toBe(false);
    expect(await removeFolderDurably(join(folder, "y"))).toBe(true);
    expect(await removeFolderDurably(join(folder, "y"))).toBe(false);
    expect(await readdir(folder)).toEqual([]);
  });
});
