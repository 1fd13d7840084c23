import { createHash } from "node:crypto";
import { chmod, chown, lstat, mkdir, open, readdir, rename, rm, unlink } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { SaveError } from "../errors.ts";
import { throwIfAborted } from "./abort.ts";
import { errnoOf, fileError } from "./files.ts";
import { makeFolder, syncPath } from "./folders.ts";

/** How to put something in place. */
export interface PlaceOptions {
  /** Rights of what is placed. Default: those of the file that is replaced, else the process's own default. */
  mode?: number;
  /** Checked between the steps, up to the rename. `write` has to heed it itself: it is always waited for. */
  signal?: AbortSignal;
  /** Runs when staging is whole and on disk, right before the rename. When it rejects nothing is placed. */
  beforePlace?: (staging: string) => Promise<void>;
  /** For errors: the storage and the frame that this is done for. */
  storage?: string;
  frame?: string;
}

/**
 * Puts a file in place, all or nothing: written whole beside its target, checked, fsynced, renamed, folder fsynced.
 * Once it resolves the file is durable. When it rejects, or the process is killed at any instant, the old file is whole.
 * The caller holds the target's lock: staging has a fixed name, so what a killed writer left is overwritten by the next.
 *
 * @throws SaveError DISK_FULL, or what `fileError` makes of other failures of the file system; errors of `write` itself pass.
 */
export async function placeFile(
  path: string,
  write: (staging: string) => Promise<void>,
  options: PlaceOptions = {},
): Promise<void> {
  await place(path, options, async (staging) => {
    const old = await lstat(path).catch(() => null);
    if (old && !old.isFile() && !old.isSymbolicLink()) {
      throw new SaveError(`Could not write ${path}: something that is no file stands there.`);
    }
    const mode = options.mode ?? (old?.isFile() ? old.mode & 0o7777 : undefined);
    // Made here with its final rights, so that private data is at no instant readable by others.
    if (mode !== undefined) await (await open(staging, "wx", mode)).close();
    await write(staging);
    const found = await lstat(staging).catch(() => null);
    if (!found?.isFile()) throw new SaveError(`Could not write ${path}: nothing was written.`);
    if (mode !== undefined) await chmod(staging, mode);
    if (old?.isFile() && (old.uid !== found.uid || old.gid !== found.gid)) {
      await chown(staging, old.uid, old.gid).catch(() => {});
    }
    await syncPath(staging);
  });
}

/**
 * Puts a folder in place as `placeFile` does a file: every file and folder inside is fsynced before the rename.
 *
 * @throws SaveError when the target exists.
 */
export async function placeFolder(
  path: string,
  fill: (staging: string) => Promise<void>,
  options: PlaceOptions = {},
): Promise<void> {
  await place(path, options, async (staging) => {
    if (await lstat(path).catch(() => null)) throw new SaveError(`Could not make ${path}: it exists already.`);
    await mkdir(staging, options.mode === undefined ? {} : { mode: options.mode });
    await fill(staging);
    await syncTree(staging);
  });
}

async function place(path: string, options: PlaceOptions, make: (staging: string) => Promise<void>): Promise<void> {
  const { signal, beforePlace, storage, frame } = options;
  const folder = dirname(resolve(path));
  const staging = join(folder, stagingName(basename(path)));
  throwIfAborted(signal);
  try {
    await makeFolder(folder);
    await rm(staging, { recursive: true, force: true });
    await make(staging);
    throwIfAborted(signal);
    await beforePlace?.(staging);
    throwIfAborted(signal);
    await rename(staging, path);
  } catch (cause) {
    await rm(staging, { recursive: true, force: true }).catch(() => {});
    throwIfAborted(signal);
    if (errnoOf(cause) === undefined) throw cause;
    throw fileError(cause, { doing: `write ${path}`, ...(storage && { storage }), ...(frame && { frame }) });
  }
  await syncPath(folder);
}

/** Whether a name in a folder is something that is not in place yet, or no longer. Listings skip these. */
export function isStaging(name: string): boolean {
  return name.startsWith(".") && name.endsWith(".staging");
}

/** The name that `base` has until it is in place; at most 255 bytes, which is what file systems take. */
export function stagingName(base: string): string {
  const name = `.${base}.staging`;
  if (Buffer.byteLength(name) <= 255) return name;
  return `.${createHash("sha256").update(base).digest("hex")}.staging`;
}

/** Removes a file so that it stays removed after a power cut. False when there was nothing. */
export async function removeDurably(path: string): Promise<boolean> {
  try {
    await unlink(path);
  } catch (cause) {
    if (errnoOf(cause) === "ENOENT") return false;
    throw fileError(cause, { doing: `remove ${path}` });
  }
  await syncPath(dirname(resolve(path)));
  return true;
}

/** Removes a folder: gone in one step for every listing, then its contents. False when there was nothing. */
export async function removeFolderDurably(path: string): Promise<boolean> {
  const folder = dirname(resolve(path));
  const staging = join(folder, stagingName(basename(path)));
  try {
    await rm(staging, { recursive: true, force: true });
    await rename(path, staging);
    await syncPath(folder);
    await rm(staging, { recursive: true, force: true });
  } catch (cause) {
    if (errnoOf(cause) === "ENOENT") return false;
    throw fileError(cause, { doing: `remove ${path}` });
  }
  return true;
}

/** Removes what killed writers left in a folder. The caller holds the lock of all that is written there. */
export async function removeStaging(folder: string): Promise<void> {
  for (const name of await readdir(folder).catch(() => [])) {
    if (isStaging(name)) await rm(join(folder, name), { recursive: true, force: true });
  }
}

/** Deepest first, so that a folder is on disk only after what it names. */
async function syncTree(folder: string): Promise<void> {
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) await syncTree(path);
    else if (entry.isFile()) await syncPath(path);
  }
  await syncPath(folder);
}
