import type { BackupRecord } from "../contracts/restorable-backup.ts";

/** Newest first: within a name by sequence, between names by time. A clock that was set back moves nothing. */
export function newestFirst<T extends BackupRecord>(records: readonly T[]): T[] {
  const times = effectiveTimes(records);
  const timeOf = (record: T) => times.get(record) ?? 0;
  return records.toSorted((a, b) => timeOf(b) - timeOf(a) || compare(a.source, b.source) || b.sequence - a.sequence);
}

/** When each was made, in milliseconds: a backup counts as no older than the one of that name before it, whatever the clock said. */
export function effectiveTimes<T extends BackupRecord>(records: readonly T[]): ReadonlyMap<T, number> {
  const times = new Map<T, number>();
  const latest = new Map<string, number>();
  for (const record of records.toSorted((a, b) => a.sequence - b.sequence)) {
    const time = Math.max(record.created.getTime(), latest.get(record.source) ?? 0);
    latest.set(record.source, time);
    times.set(record, time);
  }
  return times;
}

function compare(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
