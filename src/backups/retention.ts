import type { BackupRecord, RetentionPolicy } from "../contracts/restorable-backup.ts";
import { ConfigError } from "../errors.ts";

/** @throws ConfigError when no rule is given (which would mean: remove all), or one is no number. */
export function checkPolicy({ keepLast, maxAge }: RetentionPolicy, storage: string): void {
  const wrong = [
    keepLast === undefined && maxAge === undefined && "give keepLast, maxAge or both",
    keepLast !== undefined && !(Number.isInteger(keepLast) && keepLast >= 0) && "keepLast is a whole number from 0 up",
    maxAge !== undefined && !(maxAge >= 0) && "maxAge is a number of milliseconds from 0 up",
  ].filter((text) => typeof text === "string");
  if (wrong.length > 0) throw new ConfigError(`The retention policy is wrong: ${wrong.join("; ")}.`, { storage });
}

/**
 * Those of one name's backups (newest first) that no rule keeps. When that would be every proven one, the newest
 * proven one stays: it is the only backup known to come back.
 */
export function notKept<T extends BackupRecord>(backups: readonly T[], policy: RetentionPolicy, now: Date): T[] {
  const { keepLast = 0, maxAge } = policy;
  const kept = (backup: T, index: number) =>
    index < keepLast || (maxAge !== undefined && now.getTime() - backup.created.getTime() < maxAge);
  const removed = backups.filter((backup, index) => !kept(backup, index));
  const newestProven = backups.find(({ proven }) => proven);
  const provenStays = backups.some((backup, index) => backup.proven && kept(backup, index));
  return provenStays ? removed : removed.filter((backup) => backup !== newestProven);
}
