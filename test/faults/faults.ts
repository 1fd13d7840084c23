import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { IStorage } from "../../src/contracts/storage.ts";
import { heightOf } from "../../src/frame/access.ts";
import { compareFrames } from "../../src/frame/compare.ts";
import { freeBytes } from "../../src/system/folders.ts";
import { prices } from "../../src/testing/samples.ts";
import { type StorageType, storageFolder } from "./kills.ts";
import { leftovers } from "./leftovers.ts";
import { open } from "./programs/storages.ts";

/** What a fault came to. Tries of 0: this machine can't bring it about. */
export interface Faulted {
  tries: number;
  failures: string[];
  found: string;
}

const rows = 300;
const program = join(import.meta.dirname, "programs/save.ts");

/** What came of each save of the program, under limits of the shell such as `ulimit -n 30`. */
async function saves(
  type: StorageType,
  folder: string,
  more: { first: number; count?: number; rows?: number; limit?: string },
) {
  const { first, count = 1, limit = "true" } = more;
  const args = [program, type, folder, `${first}`, `${count}`, `${more.rows ?? rows}`].map((arg) => `'${arg}'`);
  const child = spawn("/bin/sh", ["-c", `${limit}; exec '${process.execPath}' ${args.join(" ")}`], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  const outcomes: string[] = [];
  let stderr = "";
  child.stderr.on("data", (chunk: Buffer) => {
    stderr = `${stderr}${chunk}`.slice(-500);
  });
  createInterface({ input: child.stdout }).on("line", (line) => outcomes.push(line.replace(/^\d+ /, "")));
  const [code, signal] = await once(child, "close");
  return { outcomes, stderr, code: signal ?? code };
}

async function inStorage<T>(type: StorageType, path: string, work: (storage: IStorage) => Promise<T>): Promise<T> {
  const storage = await open(type, path);
  try {
    return await work(storage);
  } finally {
    await storage.close?.();
  }
}

/** The seed of the frame that stands there, whole. */
async function standing(storage: IStorage, size = rows): Promise<number> {
  const found = await storage.source?.().getData("x");
  assert(found);
  const seed = heightOf(found) - size;
  const anyOrder = !storage.capabilities.keepsRowOrder;
  assert.equal(await compareFrames(found, prices(size + seed, seed), { anyOrder }), null, "a mixture stands there");
  return seed;
}

function count(outcomes: readonly string[]): string {
  const groups = Object.entries(Object.groupBy(outcomes, (outcome) => outcome));
  return groups.map(([outcome, all = []]) => `${all.length} ${outcome}`).join(", ");
}

/** Two processes save under one name while this one reads: whole frames only, and the last of one of them at the end. */
export async function writersAndReaders(type: StorageType, each: number): Promise<Faulted> {
  await using folder = await storageFolder(type);
  await saves(type, folder.path, { first: 1 });
  const failures: string[] = [];
  let writing = true;
  let reads = 0;
  const reading = inStorage(type, folder.path, async (storage) => {
    for (; writing; reads++) await standing(storage).catch((cause) => failures.push(`a read: ${String(cause)}`));
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
      if (!/^(saved|[A-Z_]+)$/.test(outcomes[0] ?? "")) failures.push(`${outcomes[0]} ${stderr}`);
      await rm(filler);
      await inStorage(type, folder.path, async (storage) => {
        const found = await storage.source?.().getData("x");
        await standing(storage, found && heightOf(found) > 60_000 ? 60_000 : rows);
        await storage.saver?.().saveData(prices(rows + 1, 1), "x", { key: ["id"] });
        assert.deepEqual(await leftovers(folder.path), []);
      }).catch((cause) => failures.push(String(cause)));
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
    mount(folder.path, "remount,ro");
    const { outcomes, stderr } = await saves(type, folder.path, { first: 2, count: 3 });
    const wrong = outcomes.filter((outcome) => !/^[A-Z_]+$/.test(outcome));
    if (outcomes.length !== 3) wrong.push(`it ended: ${stderr}`);
    mount(folder.path, "remount,rw");
    await inStorage(type, folder.path, (storage) => standing(storage)).catch((cause) => wrong.push(String(cause)));
    return { tries: 3, failures: wrong, found: count(outcomes) };
  } finally {
    await stopHelpers(type, folder.path);
    execFileSync("umount", ["-l", folder.path]);
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

async function stopHelpers(type: StorageType, path: string): Promise<void> {
  const storage = await open(type, path);
  if ("stopHelpers" in storage && typeof storage.stopHelpers === "function") await storage.stopHelpers({ force: true });
  await storage.close?.();
}
