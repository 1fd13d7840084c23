import { setTimeout as sleep } from "node:timers/promises";
import type { SaveFence } from "../contracts/run-mark.ts";
import { ConflictError, UnavailableError } from "../errors.ts";
import { literal } from "../storages/postgres/identifiers.ts";
import { isConnectionLost, leaseLostState } from "../storages/postgres/server-error.ts";
import type { Attempt } from "./jobs.ts";
import { type QueuePlace, saving } from "./place.ts";

/** How long a try that was overtaken may take to finish what it is writing, before its connection is ended. */
const patienceMs = 1_000;

/**
 * For writes of the ledger. What a crash of the server takes of them is found out again by the marks kept with the data, so that none
 * waits for the disk.
 */
export function ledgerFence({ sql }: SaveFence): string {
  return `${unhurried}; ${sql}`;
}

/** The transaction does not wait until its end is on the disk; a crash of the server may undo its last half second. */
export const unhurried = "SELECT pg_catalog.set_config('synchronous_commit', 'off', true)";

/** That this try still counts, for whatever it saves. */
export function fenceOf(place: QueuePlace, { queue, id, retryCount }: Attempt): SaveFence {
  const sql = `SELECT millrace.hold_job(${literal(queue)}, '${id}', ${retryCount})`;
  return {
    database: place.database,
    sql,
    token: { job: id, attempt: retryCount },
    async hold(work) {
      const transaction = await place.db.beginTransaction?.().catch((cause: unknown) => {
        const message = `The queue has no connection for a save: ${cause instanceof Error ? cause.message : String(cause)}`;
        throw new UnavailableError(message, { cause, hint: "Lower WORKER_CONCURRENCY, or raise max_connections." });
      });
      if (!transaction) throw new Error("pg-boss works without a transaction here.");
      try {
        await transaction.db.executeSql("SET LOCAL idle_in_transaction_session_timeout = 0");
        const look = async () => {
          await transaction.db.executeSql(sql).catch((cause: unknown) => {
            throw leaseLost(cause);
          });
        };
        await look();
        return await work(look);
      } finally {
        // What was saved counts even when this connection was lost meanwhile.
        await transaction.rollback();
      }
    },
  };
}

/** A lock that went with its connection holds nothing any more: the server ended it, for whoever took over or because it was stopped. */
function leaseLost(cause: unknown): unknown {
  if (!(cause instanceof Error)) return cause;
  if ("code" in cause && cause.code === leaseLostState) {
    return new ConflictError(cause.message, { code: "LEASE_LOST", cause });
  }
  if (!isConnectionLost(cause)) return cause;
  return new UnavailableError(`The queue's server does not answer: ${cause.message}`, { cause });
}

const freeSql = `SELECT pg_catalog.pg_try_advisory_xact_lock(pg_catalog.hashtextextended($1, ${saving})) AS free`;

/** Ends what holds an advisory lock. A user may end connections of its own. */
const endHoldersSql = `WITH wanted AS (SELECT pg_catalog.hashtextextended($1, $2) AS key)
  SELECT pg_catalog.pg_terminate_backend(pid) FROM pg_catalog.pg_locks, wanted
  WHERE locktype = 'advisory' AND granted AND objsubid = 1
    AND database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database())
    AND classid::bigint = (key >> 32) & 4294967295 AND objid::bigint = key & 4294967295`;

/** Resolves when no earlier try at that job is writing any more: one that hangs in the middle of it is undone. */
export async function evict(place: QueuePlace, id: string): Promise<void> {
  const until = performance.now() + patienceMs;
  for (;;) {
    const [row] = await place.sql<{ free: boolean }>(freeSql, [id]);
    if (row?.free) return;
    if (performance.now() >= until) await endHolders(place, id, saving);
    await sleep(20);
  }
}

export async function endHolders(place: QueuePlace, name: string, kind: number): Promise<void> {
  await place.sql(endHoldersSql, [name, kind]);
}
