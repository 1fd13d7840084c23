import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { ConflictError, UnavailableError } from "../../src/errors.ts";
import { tryLock, withLock } from "../../src/system/lock.ts";
import { testFolder } from "./folder.ts";
import { startProgram } from "./program.ts";

const locking = new URL("programs/lock.ts", import.meta.url);
const options = { timeoutMs: 20_000, what: "x.csv in csv" };

describe("withLock", () => {
  it("makes the file with its folder, gives the work's result and frees the lock", async () => {
    const file = join(await testFolder(), "csv", "x.lock");
    expect(await withLock(file, async () => 7, options)).toBe(7);
    expect(await readdir(join(file, ".."))).toContain("x.lock");
    await using free = await tryLock(file);
    expect(free).not.toBeNull();
  });

  it("frees the lock when the work fails", async () => {
    const file = join(await testFolder(), "x.lock");
    await expect(withLock(file, () => Promise.reject(new Error("no")), options)).rejects.toThrow("no");
    expect(await withLock(file, async () => "next", options)).toBe("next");
  });

  it("serves the waiters of one process one at a time and in order", async () => {
    const file = join(await testFolder(), "x.lock");
    const names = [..."abcdefghij"];
    const events: string[] = [];
    const work = async (name: string) => {
      events.push(`${name} in`);
      await new Promise((resolve) => setImmediate(resolve));
      events.push(`${name} out`);
    };
    await Promise.all(names.map((name) => withLock(file, () => work(name), options)));
    expect(events).toEqual(names.flatMap((name) => [`${name} in`, `${name} out`]));
  });

  it("gives up after the wait with an error that names what is locked, and lets later waiters through", async () => {
    const file = join(await testFolder(), "x.lock");
    const release = Promise.withResolvers<void>();
    const holder = withLock(file, () => release.promise, options);
    const late = withLock(file, async () => 1, { ...options, timeoutMs: 20, storage: "csv", frame: "x.csv" });
    await expect(late).rejects.toThrow(ConflictError);
    await expect(late).rejects.toMatchObject({ code: "LOCKED", storage: "csv", frame: "x.csv", retryable: true });
    await expect(late).rejects.toThrow(/x\.csv in csv/);
    const next = withLock(file, async () => 2, options);
    release.resolve();
    await holder;
    expect(await next).toBe(2);
  });

  it("ends the wait at once when aborted, in this process's queue and behind another process", async () => {
    const file = join(await testFolder(), "x.lock");
    const program = startProgram(locking, "hold", file);
    await program.line();
    const first = new AbortController();
    const second = new AbortController();
    const polling = withLock(file, async () => {}, { ...options, signal: first.signal });
    const queued = withLock(file, async () => {}, { ...options, signal: second.signal });
    second.abort(new Error("queued enough"));
    await expect(queued).rejects.toThrow("queued enough");
    first.abort(new Error("polled enough"));
    await expect(polling).rejects.toThrow("polled enough");
    await program.kill();
    expect(await withLock(file, async () => "free", options)).toBe("free");
  });

  it("refuses to be taken again by its holder rather than wait for itself", async () => {
    const file = join(await testFolder(), "x.lock");
    const nested = withLock(file, () => withLock(file, async () => 1, options), options);
    await expect(nested).rejects.toThrow(/its own holder/);
    expect(await withLock(file, () => withLock(`${file}2`, async () => 2, options), options)).toBe(2);
  });

  it("waits for another process, and is free when that one is killed", async () => {
    const file = join(await testFolder(), "x.lock");
    const program = startProgram(locking, "hold", file);
    await program.line();
    expect(await tryLock(file)).toBeNull();
    await expect(withLock(file, async () => 1, { ...options, timeoutMs: 30 })).rejects.toMatchObject({
      code: "LOCKED",
    });
    const waiting = withLock(file, async () => "mine", options);
    await program.kill();
    expect(await waiting).toBe("mine");
  });

  it("loses no change of processes that write in turn", async () => {
    const folder = await testFolder();
    const [lock, file] = [join(folder, "x.lock"), join(folder, "number")];
    await writeFile(file, "0");
    const programs = [1, 2, 3].map(() => startProgram(locking, "count", lock, file, "30"));
    for (const program of programs) expect(await program.ended).toBe(0);
    expect(await readFile(file, "utf8")).toBe("90");
  }, 60_000);

  it("lets the one that waits have its turn, also beside a process that takes the lock at once again", async () => {
    const folder = await testFolder();
    const [lock, file] = [join(folder, "x.lock"), join(folder, "number")];
    await writeFile(file, "0");
    await startProgram(locking, "hog", lock, file, "100000").line();
    const turns = () => withLock(lock, async () => Number(await readFile(file, "utf8")), options);
    const before = await turns();
    for (let i = 0; i < 18; i++) await turns();
    expect((await turns()) - before).toBeLessThan(60);
  }, 60_000);

  it("says that it can't lock where a folder can't be made", async () => {
    const folder = await testFolder();
    await writeFile(join(folder, "file"), "");
    await expect(withLock(join(folder, "file", "x.lock"), async () => 1, options)).rejects.toMatchObject({
      name: "InvalidNameError",
    });
    await writeFile(join(folder, "garbage.lock"), "this is no database, and long enough to be seen as one".repeat(20));
    await expect(withLock(join(folder, "garbage.lock"), async () => 1, options)).rejects.toThrow(UnavailableError);
  });
});

describe("tryLock", () => {
  it("takes what is free, is refused what is not, and frees it when disposed of", async () => {
    const file = join(await testFolder(), "x.lock");
    const lock = await tryLock(file);
    expect(lock).not.toBeNull();
    expect(await tryLock(file)).toBeNull();
    await lock?.[Symbol.asyncDispose]();
    await lock?.[Symbol.asyncDispose]();
    await using again = await tryLock(file);
    expect(again).not.toBeNull();
  });
});
