import { chmod, mkdir, readFile, stat, symlink } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it, vi } from "vitest";
import { MillraceError, SaveError } from "../../src/errors.ts";
import { errnoOf, fileError } from "../../src/system/files.ts";
import { cacheFolder, freeBytes, makeFolder, nearestExisting, privateFolder } from "../../src/system/folders.ts";
import { testFolder } from "./folder.ts";

describe("fileError", () => {
  it("turns what the file system says into the kind that tells what to do", async () => {
    const folder = await testFolder();
    const doing = "read x.csv";
    const missing = await readFile(join(folder, "x.csv")).catch((cause: unknown) => fileError(cause, { doing }));
    expect(missing).toMatchObject({ code: "FRAME_NOT_FOUND", message: "Could not read x.csv: it is not there." });
    const isFolder = await readFile(folder).catch((cause: unknown) =>
      fileError(cause, { doing, storage: "csv", frame: "x" }),
    );
    expect(isFolder).toMatchObject({ code: "NAME_INVALID", storage: "csv", frame: "x" });
    const long = await readFile(join(folder, "x".repeat(300))).catch((cause: unknown) => fileError(cause, { doing }));
    expect(long).toMatchObject({ code: "NAME_INVALID" });
    const full = fileError(Object.assign(new Error("no space"), { code: "ENOSPC" }), { doing });
    expect(full).toMatchObject({ code: "DISK_FULL" });
    const full2 = fileError(new Error("No space left on device (os error 28)"), { doing });
    expect(full2).toMatchObject({ code: "DISK_FULL" });
    const other = fileError(new Error("odd"), { doing });
    expect(other).toBeInstanceOf(SaveError);
    expect(other.message).toBe("Could not read x.csv: odd");
  });

  it("lets errors that are told already pass", () => {
    const told = new SaveError("told");
    expect(fileError(told, { doing: "read" })).toBe(told);
    expect(fileError("thrown text", { doing: "read" })).toBeInstanceOf(MillraceError);
  });

  it("reads the error number of Node and of polars, and of nothing else", () => {
    expect(errnoOf(Object.assign(new Error(), { code: "EROFS" }))).toBe("EROFS");
    expect(errnoOf(Object.assign(new Error(), { code: "ERR_INVALID_ARG_TYPE" }))).toBeUndefined();
    expect(errnoOf(new Error("Permission denied (os error 13): x"))).toBe("EACCES");
    expect(errnoOf(new Error("plain"))).toBeUndefined();
  });
});

describe("folders", () => {
  afterEach(() => vi.unstubAllEnvs());

  it("the cache is where the platform's rule says", () => {
    vi.stubEnv("XDG_CACHE_HOME", "/somewhere/cache");
    expect(cacheFolder("arctic", "1")).toBe("/somewhere/cache/millrace/arctic/1");
    vi.stubEnv("XDG_CACHE_HOME", "");
    expect(cacheFolder().startsWith(homedir())).toBe(true);
  });

  it("a private folder is this user's alone, also when it stood open before", async () => {
    const folder = await testFolder();
    expect(await privateFolder(join(folder, "a/b"))).toBe(join(folder, "a/b"));
    expect((await stat(join(folder, "a/b"))).mode & 0o777).toBe(0o700);
    await chmod(join(folder, "a/b"), 0o755);
    await privateFolder(join(folder, "a/b"));
    expect((await stat(join(folder, "a/b"))).mode & 0o777).toBe(0o700);
  });

  it("a private folder is never a link that someone put there", async () => {
    const folder = await testFolder();
    await mkdir(join(folder, "real"));
    await symlink(join(folder, "real"), join(folder, "link"));
    await expect(privateFolder(join(folder, "link"))).rejects.toMatchObject({ code: "ACCESS_DENIED" });
  });

  it("free space is told also for a folder that is not made yet", async () => {
    const folder = await testFolder();
    expect(await freeBytes(join(folder, "not/made/yet"))).toBeGreaterThan(0);
    expect(await nearestExisting(join(folder, "not/made/yet"))).toBe(folder);
  });

  it("makes a folder with those above it, and is content with one that exists", async () => {
    const folder = await testFolder();
    await makeFolder(join(folder, "a/b/c"));
    await makeFolder(join(folder, "a/b/c"));
    expect((await stat(join(folder, "a/b/c"))).isDirectory()).toBe(true);
  });
});
