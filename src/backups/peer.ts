import type { IDataBackup } from "../contracts/data-backup.ts";
import type { BackupRecord } from "../contracts/restorable-backup.ts";
import { ConfigError } from "../errors.ts";
import type { DataFrame } from "../frame/polars.ts";
import { backupNotFound } from "./location.ts";
import type { BackupStore } from "./store.ts";

/** Backups of a storage that give their frames to others. */
interface ReadableBackup extends IDataBackup {
  readRecord(location: string): Promise<BackupRecord>;
  readBackup(location: string): Promise<DataFrame>;
}

/**
 * Restores a backup of another storage of the same program: it is read as a frame, and saved here with a backup of what stood
 * there.
 *
 * @throws ConfigError when no destination is given; NotFoundError when there is no such storage.
 */
export async function restoreFromPeer(
  store: BackupStore,
  type: string,
  location: string,
  destination: string | undefined,
): Promise<boolean> {
  const { storage } = store;
  const theirs = store.peer(type)?.backup?.();
  const saver = store.peer(storage)?.saver?.();
  if (!isReadable(theirs) || !saver) throw backupNotFound(storage, location);
  const { source, key, timeColumn } = await theirs.readRecord(location);
  if (destination === undefined) {
    throw new ConfigError(`The backup ${location} is of ${source} in ${type}, and this storage is ${storage}.`, {
      storage,
      frame: source,
      hint: "Say the name to restore it to.",
    });
  }
  return saver.saveWithBackup(await theirs.readBackup(location), destination, {
    ...(key && { key: key as [string, ...string[]] }),
    ...(timeColumn !== undefined && { timeColumn }),
  });
}

function isReadable(backup: IDataBackup | undefined): backup is ReadableBackup {
  return backup !== undefined && "readBackup" in backup && "readRecord" in backup;
}
