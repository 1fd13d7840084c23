import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { lstat, readdir } from "node:fs/promises";
import { join } from "node:path";
import type { BackupFile } from "../contracts/restorable-backup.ts";
import { errnoOf, fileError } from "../system/files.ts";

/** Size and SHA-256 of every file below a folder, sorted by name. Reads every byte, in constant memory. */
export async function sumFolder(folder: string, signal?: AbortSignal): Promise<BackupFile[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const names = entries
    .filter((entry) => !entry.isDirectory())
    .map((entry) => join(entry.parentPath, entry.name).slice(join(folder, "/").length))
    .sort();
  const sums: BackupFile[] = [];
  for (const name of names) sums.push({ name, ...(await sumFile(join(folder, name), signal)) });
  return sums;
}

/** The first of `files` that is missing or differs from what stands in the folder, or null when all are as they were. */
export async function firstDamaged(
  folder: string,
  files: readonly BackupFile[],
  signal?: AbortSignal,
): Promise<string | null> {
  for (const { name, bytes, sha256 } of files) {
    const path = join(folder, name);
    const found = await lstat(path).catch((cause) => absent(cause, path));
    if (!found?.isFile() || found.size !== bytes) return name;
    const sum = await sumFile(path, signal).catch((cause) => absent(cause, path));
    if (sum?.bytes !== bytes || sum.sha256 !== sha256) return name;
  }
  return null;
}

async function sumFile(path: string, signal?: AbortSignal): Promise<{ bytes: number; sha256: string }> {
  const hash = createHash("sha256");
  let bytes = 0;
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20, ...(signal && { signal }) })) {
    hash.update(chunk as Buffer);
    bytes += (chunk as Buffer).length;
  }
  return { bytes, sha256: hash.digest("hex") };
}

/** A file that is gone, or that the disk can't read, is damaged; any other failure says nothing about the backup. */
function absent(cause: unknown, path: string): null {
  if (["ENOENT", "ENOTDIR", "EIO", "EISDIR"].includes(errnoOf(cause) ?? "")) return null;
  throw errnoOf(cause) === undefined ? cause : fileError(cause, { doing: `read ${path}` });
}
