import { chmod, lstat, mkdir, open, statfs } from "node:fs/promises";
import { homedir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { UnavailableError } from "../errors.ts";
import { errnoOf } from "./files.ts";

/** A path in the user's cache folder for millrace (XDG_CACHE_HOME, `~/.cache`, on macOS `~/Library/Caches`). Makes nothing. */
export function cacheFolder(...parts: string[]): string {
  const home = homedir();
  const fallback = process.platform === "darwin" ? join(home, "Library", "Caches") : join(home, ".cache");
  return join(process.env.XDG_CACHE_HOME || fallback, "millrace", ...parts);
}

/**
 * Makes the folder if need be, so that only this user may enter it (0700), and resolves with its path.
 *
 * @throws UnavailableError ACCESS_DENIED when what stands there is a link, no folder, or another user's.
 */
export async function privateFolder(path: string): Promise<string> {
  await mkdir(path, { recursive: true, mode: 0o700 });
  const found = await lstat(path);
  if (!found.isDirectory() || found.uid !== process.geteuid?.()) {
    throw new UnavailableError(`${path} has to be a folder that this user owns.`, {
      code: "ACCESS_DENIED",
      hint: "Remove it, or set another folder.",
    });
  }
  if ((found.mode & 0o077) !== 0) await chmod(path, 0o700);
  return path;
}

/** Bytes that this user can still write at `path`, or where it would be made. */
export async function freeBytes(path: string): Promise<number> {
  const { bavail, bsize } = await statfs(await nearestExisting(path));
  return bavail * bsize;
}

/** `path`, or the closest folder above it that exists. */
export async function nearestExisting(path: string): Promise<string> {
  const whole = resolve(path);
  const there = await lstat(whole).catch((cause: unknown) => {
    if (errnoOf(cause) === "ENOENT" || errnoOf(cause) === "ENOTDIR") return null;
    throw cause;
  });
  const above = dirname(whole);
  return there || above === whole ? whole : nearestExisting(above);
}

/** Makes a folder and those above it, each of them on disk once it resolves. */
export async function makeFolder(path: string): Promise<void> {
  const first = await mkdir(path, { recursive: true });
  if (first === undefined) return;
  const top = dirname(resolve(first));
  for (let folder = dirname(resolve(path)); ; folder = dirname(folder)) {
    await syncPath(folder);
    if (folder === top) return;
  }
}

/** Puts on disk what was written to a file, or the names in a folder. */
export async function syncPath(path: string): Promise<void> {
  await using handle = await open(path, "r");
  await handle.sync();
}
