import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { FrameSchema } from "../contracts/frame-schema.ts";
import { SaveError } from "../errors.ts";
import { firstDamaged, sumFolder } from "./checksum.ts";
import type { Depot } from "./depot.ts";
import { backupFolderName } from "./location.ts";
import { backupFormat, backupVersion, type Manifest, manifestName, manifestText, parseManifest } from "./manifest.ts";
import { packFolder } from "./pack.ts";

/** What a backup holds besides its files. */
export interface DumpedFrame {
  schema: FrameSchema;
  rows: number;
  timeColumn?: string | undefined;
  key?: readonly string[] | undefined;
  /** Plain JSON that only this storage understands. */
  extra?: unknown;
  /** A hash of what the frame holds, after the name of its method and a colon: see `contentHash`. */
  content?: string | undefined;
}

/** What is known of a backup before its frame is read. */
interface Head extends Pick<Manifest, "storage" | "place" | "source" | "sequence" | "by"> {
  created: Date;
}

/**
 * Makes a backup in a folder of the depot, which holds those of its name, and resolves with its location; or with null when `dump` finds
 * nothing. The order that holds: the files, packed, their sums, the manifest, all on disk, all read again and compared, the final
 * name.
 * The caller holds the lock of that name's backups.
 */
export async function makeBackup(
  depot: Depot,
  folder: readonly string[],
  { created, ...head }: Head,
  dump: (folder: string) => Promise<DumpedFrame | null>,
  signal?: AbortSignal,
): Promise<string | null> {
  const path = [...folder, backupFolderName(head.sequence, created)];
  const about = { storage: head.storage, frame: head.source };
  const fill = async (staging: string) => {
    const dumped = await dump(staging);
    if (!dumped) throw nothingThere;
    const unpacked = await packFolder(staging, signal);
    const files = await sumFolder(staging, signal);
    const manifest = manifestText({
      ...{ format: backupFormat, version: backupVersion, ...head, created: created.toISOString(), rows: dumped.rows },
      schema: { fields: dumped.schema.fields.map(({ name, type, nullable }) => ({ name, type, nullable })) },
      ...(dumped.timeColumn !== undefined && { timeColumn: dumped.timeColumn }),
      ...(dumped.key && { key: [...dumped.key] }),
      files: files.map((file) => ({ ...file, ...(unpacked.has(file.name) && { unpacked: unpacked.get(file.name) }) })),
      ...(dumped.content !== undefined && { content: dumped.content }),
      ...(dumped.extra !== undefined && { extra: dumped.extra as Manifest["extra"] }),
    });
    await writeFile(join(staging, manifestName), manifest, { mode: 0o600, flag: "wx" });
  };
  const filesOf = async (staging: string) =>
    parseManifest(await readFile(join(staging, manifestName), "utf8"), staging).files;
  const check = async (staging: string) => {
    const damaged = await firstDamaged(staging, await filesOf(staging), signal);
    if (damaged !== null) throw new SaveError(`${damaged} in the new backup reads back differently.`, about);
  };
  try {
    await depot.make(path, { fill, check, files: filesOf, ...about, signal });
  } catch (cause) {
    if (cause === nothingThere) return null;
    throw cause;
  }
  return depot.location(path);
}

/** Leaves the making of a folder when there is nothing to put into it. */
const nothingThere = new Error("There is nothing to back up.");
