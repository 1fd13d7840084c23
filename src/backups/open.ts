import { mkdir, symlink } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Config } from "../config/settings.ts";
import { SaveError } from "../errors.ts";
import { exchangeFolder } from "../frame/exchange.ts";
import { freeBytes } from "../system/folders.ts";
import type { FetchedFiles } from "./depot.ts";
import type { StoredBackup } from "./manifest.ts";
import { unpackedName, unpackFile } from "./pack.ts";

/** A backup whose files can be read until it is disposed of. */
export interface OpenedBackup extends AsyncDisposable {
  readonly record: StoredBackup;
  /** Holds the files under the names that the storage gave them. Nothing is written there. */
  readonly folder: string;
}

/**
 * Unpacks what is packed of a backup, whose checked files lie in `from`, into a private folder that goes with it; where nothing
 * is, that folder serves. Disposing of it disposes of `from`, too.
 *
 * @throws CorruptDataError BACKUP_CORRUPT when a file unpacks to something else than the manifest says.
 */
export async function openBackup(
  record: StoredBackup,
  from: FetchedFiles,
  temp: Pick<Config, "FS_TEMP">,
): Promise<OpenedBackup> {
  const { location, files } = record;
  const bytes = files.reduce((sum, { unpacked = 0 }) => sum + unpacked, 0);
  if (files.every(({ unpacked }) => unpacked === undefined)) {
    return { record, folder: from.folder, [Symbol.asyncDispose]: () => from[Symbol.asyncDispose]() };
  }
  await using opened = new AsyncDisposableStack();
  const { path: folder } = opened.use(await exchangeFolder(temp, bytes));
  if ((await freeBytes(folder)) < bytes) {
    throw new SaveError(`The backup ${location} needs ${bytes} bytes to be unpacked, and ${folder} has less.`, {
      code: "DISK_FULL",
      frame: record.source,
      hint: "Free space there, or set FS_TEMP to a larger disk.",
    });
  }
  for (const file of files) {
    const path = join(from.folder, file.name);
    const target = join(folder, file.unpacked === undefined ? file.name : unpackedName(file.name));
    await mkdir(dirname(target), { recursive: true, mode: 0o700 });
    if (file.unpacked === undefined) await symlink(path, target);
    else await unpackFile(path, target, file);
  }
  opened.use(from);
  const kept = opened.move();
  return { record, folder, [Symbol.asyncDispose]: () => kept.disposeAsync() };
}
