import { createHash } from "node:crypto";
import { isAbsolute, relative, resolve, sep } from "node:path";

/**
 * The place of a storage as backups know it: its `storageId`. Where the backups stand below FS_DATA, so that both are moved
 * together, FS_DATA's path in it is written relative to the backups' folder: it stays the same place after the move.
 */
export function backupPlace(storageId: string, root: string, dataFolder: string): string {
  const [top, data] = [resolve(root), resolve(dataFolder)];
  const below = relative(data, top);
  const together = below !== "" && below !== ".." && !below.startsWith(`..${sep}`) && !isAbsolute(below);
  // A path begins after the type or a blank, and ends at a separator.
  const at = Math.max(storageId.indexOf(`:${data}`), storageId.indexOf(` ${data}`));
  const rest = storageId.slice(at + 1 + data.length);
  if (!together || at < 0 || !/^(\/|$)/.test(rest)) return storageId;
  return `${storageId.slice(0, at + 1)}${relative(top, data)}${rest}`;
}

/**
 * The folder of a place among those of its storage: what can be read of its end, `@`, and 16 digits of its SHA-256. No frame's
 * segment holds an `@`.
 */
export function placeSegment(place: string): string {
  const words = place.slice(place.indexOf(":") + 1).replace(/[^a-zA-Z0-9_]+/g, "-");
  const readable = words.toLowerCase().slice(-40).replace(/^-|-$/g, "");
  return `${readable || "data"}@${createHash("sha256").update(place).digest("hex").slice(0, 16)}`;
}

/** Whether a folder's name is one that `placeSegment` makes. */
export function isPlaceSegment(segment: string): boolean {
  return /^[a-z0-9_-]+@[0-9a-f]{16}$/.test(segment);
}
