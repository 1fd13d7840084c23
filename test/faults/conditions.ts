import assert from "node:assert/strict";
import { chmodSync, existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { IHelpers } from "../../src/contracts/helpers.ts";
import type { IRestorableBackup } from "../../src/contracts/restorable-backup.ts";
import type { IStorage } from "../../src/contracts/storage.ts";
import { MillraceError } from "../../src/errors.ts";
import { run } from "../../src/system/run.ts";
import { prices } from "../../src/testing/samples.ts";
import { type StorageType, storageFolder } from "./kills.ts";
import { open } from "./programs/storages.ts";
import { count, type Faulted, inStorage, rows, saves, standing, usableAgain } from "./saving.ts";

/** A disk that is slow, and stalls: the process that saves waits for each operation, a helper is stopped again and again. */
export async function slowDisk(type: StorageType, tries: number): Promise<Faulted> {
  await using folder = await storageFolder(type);
  await saves(type, folder.path, { first: 1 });
  const failures: string[] = [];
  await inStorage(type, folder.path, async (storage) => {
    await standing(storage);
    await using _stalling = stall(await helperPids(storage));
    const writer = saves(type, folder.path, { first: 2, count: tries, how: { slowMs: 10 } });
    let writing = true;
    const reader = (async () => {
      for (; writing; ) await standing(storage).catch((cause) => failures.push(`a read: ${String(cause)}`));
    })();
    const { outcomes, stderr } = await writer;
    writing = false;
    await reader;
    if (count(outcomes) !== `${tries} saved`) failures.push(`${outcomes} ${stderr}`);
    assert.equal(await standing(storage), 1 + tries);
    await usableAgain(storage, folder.path, 60_000);
  }).catch((cause) => failures.push(String(cause)));
  return { tries, failures, found: `${tries} saved` };
}

/** Helpers with all their children. */
async function helperPids(storage: IStorage & Partial<IHelpers>): Promise<number[]> {
  const helpers = (await storage.helpers?.()) ?? [];
  const withChildren = (pid: number): number[] => {
    try {
      const threads = readdirSync(`/proc/${pid}/task`);
      const children = threads.map((thread) => readFileSync(`/proc/${pid}/task/${thread}/children`, "utf8"));
      return [pid, ...children.join(" ").split(" ").filter(Boolean).map(Number).flatMap(withChildren)];
    } catch {
      return [pid];
    }
  };
  return helpers.flatMap(({ pid }) => withChildren(pid));
}

/** Stops processes for two thirds of the time, until it is disposed of. */
function stall(pids: readonly number[]): AsyncDisposable {
  let stalling = pids.length > 0;
  const signal = (name: NodeJS.Signals) => {
    for (const pid of pids) {
      try {
        process.kill(pid, name);
      } catch {
        // A child of a server has ended.
      }
    }
  };
  const done = (async () => {
    while (stalling) {
      signal("SIGSTOP");
      await sleep(40);
      signal("SIGCONT");
      await sleep(20);
    }
  })();
  return {
    async [Symbol.asyncDispose]() {
      stalling = false;
      await done;
    },
  };
}

const otherUser = 65_533;

/** Files that this user may not write: root becomes another user, anybody else takes the rights away. */
export async function permissionDenied(type: StorageType, tries: number): Promise<Faulted> {
  await using folder = await storageFolder(type);
  await saves(type, folder.path, { first: 1 });
  const isRoot = process.geteuid?.() === 0;
  const places = ["data", "temp"].map((name) => join(folder.path, name));
  const rights = (mode: number) => {
    for (const place of places) if (existsSync(place)) chmodAll(place, mode);
  };
  if (isRoot) chmodSync(folder.path, 0o755);
  // Root's other user may look and enter; helpers and their files stay their own user's.
  if (!isRoot) rights(0o555);
  else if (type === "csv" || type === "temp") rights(0o755);
  const { outcomes, stderr } = await saves(type, folder.path, {
    first: 2,
    count: tries,
    ...(isRoot && { how: { uid: otherUser } }),
  });
  if (!isRoot) rights(0o755);
  // A helper of another user's can't be reached.
  const told =
    type === "csv" || type === "temp" ? /^ACCESS_DENIED$/ : /^(ACCESS_DENIED|STORAGE_UNAVAILABLE|DEPENDENCY_MISSING)$/;
  const failures = outcomes.filter((outcome) => !told.test(outcome)).map((outcome) => `${outcome} ${stderr}`);
  if (outcomes.length !== tries) failures.push(`it ended: ${stderr}`);
  await inStorage(type, folder.path, async (storage) => {
    assert.equal(await standing(storage), 1);
    await usableAgain(storage, folder.path, 60_000);
  }).catch((cause) => failures.push(String(cause)));
  return { tries, failures, found: count(outcomes) };
}

function chmodAll(path: string, mode: number): void {
  for (const entry of readdirSync(path, { recursive: true, withFileTypes: true })) {
    if (entry.isDirectory()) chmodSync(join(entry.parentPath, entry.name), mode);
  }
  chmodSync(path, mode);
}

const day = 86_400_000;

/** A clock that is set back by a year, then by an hour, then right again: the last save counts, and the last backup is the newest. */
export async function clockJumpingBack(type: StorageType, tries: number): Promise<Faulted> {
  const failures: string[] = [];
  for (let number = 0; number < tries; number++) {
    await using folder = await storageFolder(type);
    const clocks = [0, -400 * day, -day / 24, 0];
    for (const [at, clockMs] of clocks.entries()) {
      const { outcomes, stderr } = await saves(type, folder.path, { first: at + 1, how: { clockMs, backup: true } });
      if (outcomes[0] !== "saved") failures.push(`clock ${clockMs}: ${outcomes[0]} ${stderr}`);
      const stands = await inStorage(type, folder.path, (storage) => standing(storage)).catch(String);
      if (stands !== at + 1) failures.push(`clock ${clockMs}: frame ${stands} stands there`);
    }
    await inStorage(type, folder.path, async (storage) => {
      const backup = storage.backup?.() as IRestorableBackup | undefined;
      if (!backup) return;
      const listed = await backup.listBackups("x");
      assert.deepEqual(
        listed.map((record) => record.rows),
        [rows + 3, rows + 2, rows + 1],
      );
      for (const { location } of listed) assert(await backup.verifyBackup(location));
    }).catch((cause) => failures.push(String(cause)));
  }
  return { tries, failures, found: `${tries * 4} saved, backups in order` };
}

/** A worker that gets no more memory, for a frame that needs more: it is told, and the old frame is whole. */
export async function outOfMemory(type: StorageType, tries: number): Promise<Faulted> {
  await using folder = await storageFolder(type);
  await saves(type, folder.path, { first: 1 });
  const failures: string[] = [];
  const seen: string[] = [];
  for (let number = 0; number < tries; number++) {
    const storage = (await open(type, folder.path)) as IStorage & Partial<IHelpers>;
    try {
      await standing(storage);
      const [worker] = (await storage.helpers?.()) ?? [];
      assert(worker, "there is no worker");
      await limitMemory(worker.pid, 8 * number * 2 ** 20);
      const large = prices(300_000, 300_000 - rows);
      const outcome = await storage
        .saver?.()
        .saveData(large, "x", { key: ["id"] })
        .then(() => "saved", codeOf);
      seen.push(outcome ?? "");
      if (outcome !== "saved" && outcome !== "STORAGE_UNAVAILABLE") failures.push(`${outcome}`);
      await storage.stopHelpers?.({ force: true });
      // The first read may still meet the worker that is ending.
      const stands = await standing(storage).catch(() => standing(storage));
      assert.equal(stands, outcome === "saved" ? 300_000 - rows : 1);
      await storage.saver?.().saveData(prices(rows + 1, 1), "x", { key: ["id"] });
      assert.equal(await standing(storage), 1);
    } catch (cause) {
      failures.push(String(cause));
    } finally {
      await storage.close?.();
    }
  }
  return { tries, failures, found: count(seen) };
}

export function codeOf(cause: unknown): string {
  return cause instanceof MillraceError ? cause.code : `wrong: ${String(cause)}`;
}

/** The address space of a process may grow by so many bytes, and no more. */
async function limitMemory(pid: number, more: number): Promise<void> {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  const size = Number(/^VmSize:\s+(\d+)/m.exec(status)?.[1]) * 1024;
  const { code, stderr } = await run("prlimit", ["--pid", String(pid), `--as=${size + more}`]);
  assert.equal(code, 0, stderr);
}
