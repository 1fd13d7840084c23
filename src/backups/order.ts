import type { BackupRecord } from "../contracts/restorable-backup.ts";

/**
 * Newest first: within a name by sequence, between names by time. A clock that was set back moves nothing: a backup counts
 * as no older than the one before it.
 */
export function newestFirst<T extends BackupRecord>(records: readonly T[]): T[] {
  const latest = new Map<string, number>();
  return records
    .toSorted((a, b) => a.sequence - b.sequence)
    .map((record) => {
      const time = Math.max(record.created.getTime(), latest.get(record.source) ?? 0);
      latest.set(record.source, time);
      return { record, time };
    })
    .sort(
      (a, b) => b.time - a.time || compare(a.record.source, b.record.source) || b.record.sequence - a.record.sequence,
    )
    .map(({ record }) => record);
}

function compare(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
