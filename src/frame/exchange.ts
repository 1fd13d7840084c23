import { randomBytes } from "node:crypto";
import { rmSync } from "node:fs";
import { mkdir, readdir, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join, resolve } from "node:path";
import type { Config } from "../config/settings.ts";
import { UnavailableError } from "../errors.ts";
import { fileError } from "../system/files.ts";
import { freeBytes, privateFolder } from "../system/folders.ts";
import { tryLock } from "../system/lock.ts";

/** A file that hands a frame from one library or process to another. Disposing of it removes it. */
export interface ExchangeFile extends AsyncDisposable {
  readonly path: string;
}

const memoryFolder = "/dev/shm";
/** Kept free beyond what is asked for: other programs share the folder. */
const margin = 64 * 2 ** 20;

/**
 * A path for an exchange file of about `bytesHint` bytes, in a folder that only this user may enter: in memory (/dev/shm)
 * where there is room for twice as much, else in FS_TEMP. Nothing stands there yet. Files of processes that were killed are
 * removed by the next process that exchanges something.
 *
 * Layout: `<root>/<process>.lock`, held as long as the process lives, and `<root>/<process>/<number>.arrow`.
 */
export async function exchangeFile(config: Pick<Config, "FS_TEMP">, bytesHint: number): Promise<ExchangeFile> {
  const path = join(await exchangePlace(config, bytesHint), `${++fileNumber}.arrow`);
  return {
    path,
    async [Symbol.asyncDispose]() {
      await rm(path, { force: true });
    },
  };
}

/** As `exchangeFile`, an empty folder for files of about `bytesHint` bytes together. Disposing of it removes all of it. */
export async function exchangeFolder(config: Pick<Config, "FS_TEMP">, bytesHint: number): Promise<ExchangeFile> {
  const path = join(await exchangePlace(config, bytesHint), `${++fileNumber}`);
  await mkdir(path, { mode: 0o700 });
  return {
    path,
    async [Symbol.asyncDispose]() {
      await rm(path, { recursive: true, force: true });
    },
  };
}

async function exchangePlace(config: Pick<Config, "FS_TEMP">, bytesHint: number): Promise<string> {
  try {
    return await ownFolder(await chooseRoot(config, bytesHint));
  } catch (cause) {
    throw fileError(cause, { doing: "make an exchange file" });
  }
}

/** Where exchange files go when no configuration is at hand. */
export const systemTemp: Pick<Config, "FS_TEMP"> = { FS_TEMP: tmpdir() };

let fileNumber = 0;
const owned = new Map<string, Promise<string>>();

async function chooseRoot({ FS_TEMP }: Pick<Config, "FS_TEMP">, bytesHint: number): Promise<string> {
  const user = process.geteuid?.() ?? "user";
  const room = await freeBytes(memoryFolder).catch(() => 0);
  if (process.platform === "linux" && room > 2 * bytesHint + margin) {
    try {
      return await privateFolder(join(memoryFolder, `millrace-${user}`));
    } catch (cause) {
      if (!(cause instanceof UnavailableError) && !isRefused(cause)) throw cause;
    }
  }
  const name = resolve(FS_TEMP) === resolve(tmpdir()) ? `.millrace-exchange-${user}` : ".millrace-exchange";
  return privateFolder(resolve(FS_TEMP, name));
}

function isRefused(cause: unknown): boolean {
  return (
    cause instanceof Error && "code" in cause && ["EACCES", "EPERM", "EROFS", "ENOSPC"].includes(String(cause.code))
  );
}

/** This process's folder below `root`; made again when somebody emptied the root. */
async function ownFolder(root: string): Promise<string> {
  const known = owned.get(root);
  if (known) {
    const folder = await known;
    await mkdir(folder, { mode: 0o700, recursive: true });
    return folder;
  }
  const claim = claimFolder(root);
  owned.set(root, claim);
  claim.catch(() => owned.delete(root));
  return claim;
}

async function claimFolder(root: string): Promise<string> {
  await removeLeftovers(root);
  for (;;) {
    const folder = join(root, `${process.pid}-${randomBytes(6).toString("hex")}`);
    const lock = await tryLock(`${folder}.lock`);
    // A cleaner may have seen the new lock file before it was locked, and removed it: then this name is lost.
    if (!lock || !(await exists(`${folder}.lock`))) continue;
    heldForever.push(lock);
    await mkdir(folder, { mode: 0o700 });
    process.once("exit", () => removeSync(folder));
    return folder;
  }
}

/** What a lock leaves in the folder: its file, and SQLite's journal. */
const lockFiles = [".lock", ".lock-journal"];

/** Locks are given back by the kernel when the process ends; the references keep them from being collected before. */
const heldForever: AsyncDisposable[] = [];

function removeSync(folder: string): void {
  try {
    rmSync(folder, { recursive: true, force: true });
    for (const rest of lockFiles) rmSync(`${folder}${rest}`, { force: true });
  } catch {
    // The next process finds it as a leftover.
  }
}

/** Removes what processes that are gone have left: those whose lock is free. A folder is made only after its lock is held. */
async function removeLeftovers(root: string): Promise<void> {
  const entries = await readdir(root);
  const names = new Set(entries.map((entry) => basename(entry).replace(/\.lock(-journal)?$/, "")));
  for (const name of names) {
    const folder = join(root, name);
    if (!(await exists(`${folder}.lock`))) {
      await rm(folder, { recursive: true, force: true });
      for (const rest of lockFiles) await rm(`${folder}${rest}`, { force: true });
      continue;
    }
    await using lock = await tryLock(`${folder}.lock`);
    if (!lock) continue;
    await rm(folder, { recursive: true, force: true });
    for (const rest of lockFiles) await rm(`${folder}${rest}`, { force: true });
  }
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
