import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { MillraceError } from "../../src/errors.ts";
import { heightOf } from "../../src/frame/access.ts";
import { freeBytes } from "../../src/system/folders.ts";
import { prices } from "../../src/testing/samples.ts";
import { type StorageType, storageFolder } from "./kills.ts";
import { leftovers } from "./leftovers.ts";
import { count, type Faulted, inStorage, rows, saves, standing, stopHelpers, usableAgain } from "./saving.ts";

/** Two processes save under one name while this one reads, four times at once: whole frames only, and the last of one of them at the end. */
export async function writersAndReaders(type: StorageType, each: number): Promise<Faulted> {
  await using folder = await storageFolder(type);
  await saves(type, folder.path, { first: 1 });
  const failures: string[] = [];
  let writing = true;
  let reads = 0;
  const reading = inStorage(type, folder.path, async (storage) => {
    const read = async () => {
      for (; writing; reads++) await standing(storage).catch((cause) => failures.push(`a read: ${String(cause)}`));
    };
    await Promise.all([read(), read(), read(), read()]);
    return standing(storage);
  });
  const writers = await Promise.all([100, 10_000].map((first) => saves(type, folder.path, { first, count: each })));
  writing = false;
  const last = await reading;
  for (const { outcomes, stderr } of writers) {
    const wrong = outcomes.filter((outcome) => outcome !== "saved" && outcome !== "LOCKED");
    if (wrong.length > 0 || outcomes.length !== each) failures.push(`a writer: ${wrong.join(", ")} ${stderr}`);
  }
  if (![100 + each - 1, 10_000 + each - 1].includes(last)) failures.push(`at the end stood frame ${last}`);
  return { tries: 2 * each + reads, failures, found: `${2 * each} saves, ${reads} reads of whole frames` };
}

/** Saves under a limit of the process: each is done, or told as what it is, and the old frame is whole. */
async function limited(type: StorageType, limits: readonly string[], size: number): Promise<Faulted> {
  await using folder = await storageFolder(type);
  await saves(type, folder.path, { first: 1 });
  const failures: string[] = [];
  const seen: string[] = [];
  for (const limit of limits) {
    const { outcomes, stderr, code } = await saves(type, folder.path, { first: 2, rows: size, limit });
    const [outcome = "could not start"] = outcomes;
    seen.push(outcome);
    if (outcome.startsWith("wrong")) failures.push(`${limit}: ${outcome} ${code} ${stderr}`);
    await inStorage(type, folder.path, async (storage) => {
      const found = await storage.source?.().getData("x");
      const whole = await standing(storage, found && heightOf(found) > size ? size : rows);
      assert(whole === 2 || outcome !== "saved");
      await storage.saver?.().saveData(prices(rows + 1, 1), "x", { key: ["id"] });
      assert.deepEqual(await leftovers(folder.path), []);
    }).catch((cause) => failures.push(`${limit}: ${String(cause)}`));
  }
  return { tries: limits.length, failures, found: count(seen) };
}

export function fileSizeLimit(type: StorageType, tries: number): Promise<Faulted> {
  // Blocks of 512 or 1,024 bytes, and no signal at the limit.
  const limits = Array.from({ length: tries }, (_, at) => `trap '' XFSZ; ulimit -f ${16 + at * 64}`);
  return limited(type, limits, 40_000);
}

export function openFilesLimit(type: StorageType, tries: number): Promise<Faulted> {
  const limits = Array.from({ length: tries }, (_, at) => `ulimit -n ${24 + Math.floor((at * 26) / tries)}`);
  return limited(type, limits, rows);
}

/** A disk of a few megabytes, which fills up: the save is told as what it is, and there is room again afterwards. */
export async function fullDisk(type: StorageType, tries: number): Promise<Faulted> {
  await using folder = await storageFolder(type);
  const size = { csv: "8m", temp: "8m", arctic: "64m", postgres: "256m" }[type];
  if (!mount(folder.path, `size=${size}`)) return cannot;
  const failures: string[] = [];
  const seen: string[] = [];
  try {
    await saves(type, folder.path, { first: 1 });
    for (let number = 0; number < tries; number++) {
      const filler = join(folder.path, "filler");
      await writeFile(filler, Buffer.alloc(Math.max(0, (await freeBytes(folder.path)) - (number + 1) * 40_000)));
      const { outcomes, stderr } = await saves(type, folder.path, { first: 2, rows: 60_000 });
      seen.push(outcomes[0] ?? "ended");
      // A server that loses its place to write ends, and then can't be reached.
      const told = type === "postgres" ? /^(saved|DISK_FULL|STORAGE_UNAVAILABLE)$/ : /^(saved|DISK_FULL)$/;
      if (!told.test(outcomes[0] ?? "")) failures.push(`${outcomes[0]} ${stderr}`);
      await rm(filler);
      const again = () => inStorage(type, folder.path, (storage) => usableAgain(storage, folder.path, 60_000));
      // A worker or server that the full disk ended is started anew: the first try may still meet the old one.
      await again()
        .catch((cause: unknown) =>
          cause instanceof MillraceError && cause.retryable ? again() : Promise.reject(cause),
        )
        .catch((cause) => failures.push(String(cause)));
    }
  } finally {
    await stopHelpers(type, folder.path);
    execFileSync("umount", ["-l", folder.path]);
  }
  return { tries, failures, found: count(seen) };
}

/** A disk that became read-only: saves are refused, what stands there is read where the storage needs no writing for that. */
export async function readOnlyDisk(type: StorageType): Promise<Faulted> {
  await using folder = await storageFolder(type);
  if (!mount(folder.path, "size=256m")) return cannot;
  try {
    await saves(type, folder.path, { first: 1 });
    await stopHelpers(type, folder.path);
    // As long as a helper that is ending has a file open there, it can't be made read-only.
    await until(() => mount(folder.path, "remount,ro"));
    const { outcomes, stderr } = await saves(type, folder.path, { first: 2, count: 3 });
    const told = type === "postgres" ? /^(ACCESS_DENIED|STORAGE_UNAVAILABLE)$/ : /^ACCESS_DENIED$/;
    const wrong = outcomes.filter((outcome) => !told.test(outcome));
    if (outcomes.length !== 3) wrong.push(`it ended: ${stderr}`);
    mount(folder.path, "remount,rw");
    await inStorage(type, folder.path, (storage) => standing(storage)).catch((cause) => wrong.push(String(cause)));
    return { tries: 3, failures: wrong, found: count(outcomes) };
  } finally {
    await stopHelpers(type, folder.path);
    execFileSync("umount", ["-l", folder.path]);
  }
}

async function until(done: () => boolean): Promise<void> {
  for (let tries = 0; !done(); tries++) {
    assert(tries < 400, "the disk could not be made read-only");
    await sleep(25);
  }
}

const cannot: Faulted = { tries: 0, failures: [], found: "this user can't mount a disk" };

function mount(folder: string, options: string): boolean {
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", `${options},mode=755`, "none", folder], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}
