import type { Attempt } from "./jobs.ts";
import { type QueuePlace, schema } from "./place.ts";

/** How many sources may be worked on at once for a storage, over all workers. */
export type Limits = ReadonlyMap<string, number>;

interface Fetched {
  readonly id: string;
  readonly data: object;
  readonly retryCount: number;
}

/** Takes up to that many jobs out of a queue. */
export async function fetchJobs(
  place: QueuePlace,
  queue: string,
  most: number,
  limits: Limits | undefined,
): Promise<Attempt[]> {
  const attempts = (jobs: readonly Fetched[]) =>
    jobs.map(({ id, data, retryCount }) => ({ queue, id, data, retryCount }));
  if (!limits || limits.size === 0) return attempts(await place.boss.fetch(queue, { batchSize: most }));
  // One worker at a time counts and takes: else two would both take the last place.
  return place.transaction(async (db) => {
    await db.executeSql("SELECT pg_catalog.pg_advisory_xact_lock(7105108105)");
    const counted = await db.executeSql(
      `SELECT group_id AS storage, count(*)::int AS busy FROM ${schema}.job
       WHERE state = 'active' AND group_id IS NOT NULL GROUP BY group_id`,
    );
    const busy = new Map((counted.rows as { storage: string; busy: number }[]).map((row) => [row.storage, row.busy]));
    const left = [...limits].map(([storage, limit]) => ({ storage, places: limit - (busy.get(storage) ?? 0) }));
    const ignoreGroups = left.filter(({ places }) => places <= 0).map(({ storage }) => storage);
    const open = left.filter(({ places }) => places > 0).map(({ places }) => places);
    const batchSize = Math.max(1, Math.min(most, ...open));
    return attempts(await place.boss.fetch(queue, { batchSize, ignoreGroups, db }));
  });
}
