import { NotFoundError } from "../errors.ts";
import type { Depot } from "./depot.ts";
import { isPlaceSegment } from "./place.ts";

/** `<sequence>-<UTC time>`: 000007-20260131T235959123Z. */
const folderPattern = /^(\d{6,})-\d{8}T\d{9}Z$/;

/** The folder name of a backup. */
export function backupFolderName(sequence: number, created: Date): string {
  return `${String(sequence).padStart(6, "0")}-${created.toISOString().replace(/[-:.]/g, "")}`;
}

/** The sequence that a folder's name says, or null when it is no backup's. */
export function sequenceOf(folderName: string): number | null {
  const sequence = folderPattern.exec(folderName)?.[1];
  return sequence === undefined ? null : Number(sequence);
}

/**
 * The path of a location that a user gave: `<storage>/<place's segment>/<name's segment>/<backup>` below the depot's root, whole
 * or relative to it; backups made before there were places have no such segment. Each part is a real folder, so no link and no
 * `..` leads elsewhere.
 *
 * @throws NotFoundError BACKUP_NOT_FOUND
 */
export async function checkLocation(depot: Depot, storage: string, location: string): Promise<readonly string[]> {
  const path = depot.path(location) ?? [];
  const [first, ...inner] = path;
  const [segment, folder, ...more] = isPlaceSegment(inner[0] ?? "") ? inner.slice(1) : inner;
  const shaped = first === storage && !!segment && !segment.startsWith(".") && more.length === 0;
  const isThere = shaped && sequenceOf(folder ?? "") !== null && (await depot.holds(path));
  if (!isThere) throw backupNotFound(storage, location);
  return path;
}

/** What is said of a location where no backup stands. */
export function backupNotFound(storage: string, location: string): NotFoundError {
  return new NotFoundError(`There is no backup of the ${storage} storage at ${JSON.stringify(location)}.`, {
    code: "BACKUP_NOT_FOUND",
    storage,
    hint: "Take a location from `listBackups()`.",
  });
}
