import { AsyncLocalStorage } from "node:async_hooks";

import { dirname, resolve } from "node:path";
import type { DatabaseSync } from "node:sqlite";
import { setTimeout as sleep } from "node:timers/promises";
import { ConflictError, UnavailableError } from "../errors.ts";
import { fileError } from "./files.ts";
import { makeFolder } from "./folders.ts";
import { joinQueue } from "./queue.ts";

/** How long to wait for a lock, and what it protects. */
export interface LockOptions {
  timeoutMs: number;
  /** What is locked, in the words of the error: `prices.csv in csv`. */
  what: string;
  signal?: AbortSignal;
  storage?: string;
  frame?: string;
}

/**
 * Runs `work` while this process alone, of all on this machine, holds the lock of `file`. Waiters of one process are served
 * in order. The kernel frees the lock when its process ends, however it ends, so nothing ever has to guess whether a holder
 * is still alive. The lock is SQLite's `BEGIN EXCLUSIVE` on the file, which stays empty.
 *
 * Obligations: a lock file is never deleted (its next holder and a waiter would then hold two different files), and never
 * opened by anything but this function (closing any handle frees the lock of the whole process, says POSIX).
 * A lock is not re-entrant: taking it again inside `work` is a mistake in the program and throws at once.
 *
 * @throws ConflictError LOCKED when it was not free in time; the signal's reason when aborted.
 */
export async function withLock<T>(file: string, work: () => Promise<T>, options: LockOptions): Promise<T> {
  const path = resolve(file);
  const holding = held.getStore() ?? [];
  if (holding.some((token) => token.path === path && token.active)) {
    throw new Error(`The lock of ${options.what} (${path}) was taken again by its own holder.`);
  }
  const until = performance.now() + options.timeoutMs;
  await using turn = await joinQueue(path, options.timeoutMs, options.signal);
  if (!turn.mine) throw locked(options);
  await using lock = await poll(path, until, options);
  if (!lock) throw locked(options);
  const token = { path, active: true };
  try {
    return await held.run([...holding.filter(({ active }) => active), token], work);
  } finally {
    token.active = false;
  }
}

/** Takes the lock of `file` if it is free now, else resolves with null. Free it by disposing of what it resolves with. */
export async function tryLock(file: string): Promise<AsyncDisposable | null> {
  const path = resolve(file);
  const turn = await joinQueue(path, 0);
  const lock = turn.mine ? await lockNow(path) : null;
  if (!lock) {
    await turn[Symbol.asyncDispose]();
    return null;
  }
  return {
    async [Symbol.asyncDispose]() {
      await lock[Symbol.asyncDispose]();
      await turn[Symbol.asyncDispose]();
    },
  };
}

/** The locks that the running asynchronous work holds, to tell re-entrance from waiting. */
const held = new AsyncLocalStorage<readonly { path: string; active: boolean }[]>();

/**
 * While it waits a process holds a second lock, the place next in line. Without it a process that locks in a tight loop
 * would starve the others, which look only every few milliseconds.
 */
async function poll(path: string, until: number, { signal }: LockOptions): Promise<AsyncDisposable | null> {
  await using next = await pollOne(`${path}-next`, until, signal);
  return next && (await pollOne(path, until, signal));
}

async function pollOne(path: string, until: number, signal?: AbortSignal): Promise<AsyncDisposable | null> {
  for (;;) {
    signal?.throwIfAborted();
    const lock = await lockNow(path);
    if (lock) return lock;
    const left = until - performance.now();
    if (left <= 0) return null;
    await sleep(Math.min(left, 5 + Math.random() * 20), undefined, { signal }).catch(() => {});
  }
}

async function lockNow(path: string): Promise<AsyncDisposable | null> {
  await makeFolder(dirname(path)).catch((cause: unknown) => {
    throw fileError(cause, { doing: `lock ${path}` });
  });
  const database = openDatabase(path);
  try {
    database.exec("PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF; BEGIN EXCLUSIVE");
  } catch (cause) {
    database.close();
    if (isBusy(cause)) return null;
    throw lockError(path, cause);
  }
  return {
    async [Symbol.asyncDispose]() {
      if (database.isOpen) database.close();
    },
  };
}

function openDatabase(path: string): DatabaseSync {
  // Not imported: on an older Node that would fail before the public door can say which one is needed.
  const sqlite = process.getBuiltinModule("node:sqlite");
  try {
    return new sqlite.DatabaseSync(path, { timeout: 0 });
  } catch (cause) {
    throw lockError(path, cause);
  }
}

/** SQLITE_BUSY and SQLITE_LOCKED, with their extended forms. */
function isBusy(cause: unknown): boolean {
  return [5, 6].includes(sqliteCode(cause));
}

function sqliteCode(cause: unknown): number {
  const code = cause instanceof Error && "errcode" in cause ? cause.errcode : undefined;
  return typeof code === "number" ? code & 0xff : 0;
}

/** 8 is SQLITE_READONLY, 14 SQLITE_CANTOPEN (rights, or too many open files), 13 SQLITE_FULL. */
function lockError(path: string, cause: unknown): Error {
  const denied = [3, 8, 14, 23].includes(sqliteCode(cause));
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new UnavailableError(`Could not lock ${path}: ${reason}.`, {
    cause,
    code: denied ? "ACCESS_DENIED" : "STORAGE_UNAVAILABLE",
    hint: "This user has to be allowed to write there, on a file system that has locks.",
  });
}

function locked({ what, timeoutMs, storage, frame }: LockOptions): ConflictError {
  return new ConflictError(`Another writer held ${what} for longer than ${timeoutMs} ms.`, {
    code: "LOCKED",
    hint: "Try again when it is done, or raise LOCK_TIMEOUT.",
    ...(storage && { storage }),
    ...(frame && { frame }),
  });
}
