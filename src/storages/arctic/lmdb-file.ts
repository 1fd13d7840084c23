import { open } from "node:fs/promises";
import { join } from "node:path";
import { freeBytes } from "../../system/folders.ts";

/** LMDB takes its room by the page, and what a failed save took stays with its file: what is left is next to nothing. */
const nextToNothing = 16 * 2 ** 20;

/** Whether a save may have failed for lack of room: LMDB only tells of an I/O error then, or the system ends the worker. */
export async function hasNoRoom(folder: string | undefined): Promise<boolean> {
  if (folder === undefined) return false;
  return (await freeBytes(folder).catch(() => Number.POSITIVE_INFINITY)) < nextToNothing;
}

/**
 * Whether LMDB's file of a library is shorter than it says itself. Whoever reads beyond its end is ended by the system (SIGBUS),
 * so this is asked after a worker ended. Not before: a sound file may lack a last page that was never written.
 *
 * Each of the first two pages (4,096 bytes) describes one of the last two states, all numbers little-endian:
 *
 *     16  magic 0xBEEFC0DE, 4 bytes
 *     136 number of the last page, 8 bytes
 *     144 number of the transaction, 8 bytes
 */
export async function isCutShort(folder: string | undefined, library: string): Promise<boolean> {
  if (folder === undefined) return false;
  const states = await Promise.all([library, "_arctic_cfg"].map((name) => lacks(join(folder, name, "data.mdb"))));
  return states.includes(true);
}

const page = 4_096;

async function lacks(path: string): Promise<boolean> {
  try {
    await using file = await open(path, "r");
    const { size } = await file.stat();
    const head = Buffer.alloc(2 * page);
    const { bytesRead } = await file.read(head, 0, head.length, 0);
    if (bytesRead < head.length) return true;
    const states = [0, page].filter((at) => head.readUInt32LE(at + 16) === 0xbeefc0de);
    if (states.length === 0) return true;
    const [first = 0, second = first] = states;
    const newest = head.readBigUInt64LE(second + 144) > head.readBigUInt64LE(first + 144) ? second : first;
    return (head.readBigUInt64LE(newest + 136) + 1n) * BigInt(page) > BigInt(size);
  } catch {
    return false;
  }
}
