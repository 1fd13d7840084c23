import { setTimeout as sleep } from "node:timers/promises";
import type { SourceRecord } from "../contracts/ledger.ts";
import type { Logger } from "../contracts/logger.ts";
import { ConflictError } from "../errors.ts";
import type { Attempt } from "./jobs.ts";
import { deadName } from "./names.ts";
import { type QueuePlace, schema } from "./place.ts";

/** What became of a try at a job. */
interface Ending {
  readonly attempt: Attempt;
  readonly output: object | null;
  /** How its source ended; null for a job that is no source's. */
  readonly record: SourceRecord | null;
  resolve(): void;
  reject(cause: unknown): void;
}

/** Waits while the server does not answer. */
const againMs = 500;
const mostTries = 120;
/** Jobs in one statement. */
const atOnce = 500;

/** Tells the queue and the ledger what became of jobs: those that end in the same moment in one statement. */
export class Settler {
  readonly #place: QueuePlace;
  readonly #logger: Logger;
  readonly #waiting: Ending[] = [];
  readonly #known = new Set<string>();
  #flushing: Promise<void> | undefined;

  constructor(place: QueuePlace, logger: Logger) {
    this.#place = place;
    this.#logger = logger;
  }

  /** Whether the job is being told of just now. */
  knows(id: string): boolean {
    return this.#known.has(id);
  }

  /** Completes a job. One that another worker has by now is left alone. */
  done(attempt: Attempt, output: object | null): Promise<void> {
    return this.#settle(attempt, output, null).catch(() => {});
  }

  /** Writes how a job's source ended, and completes the job, both or neither. @throws ConflictError LEASE_LOST */
  record(attempt: Attempt, record: SourceRecord): Promise<void> {
    return this.#settle(attempt, null, record);
  }

  /** Gives a job to another try: at once when this worker just ends, else as one that failed. */
  async back(attempt: Attempt, cause: unknown): Promise<void> {
    const { queue, id, retryCount } = attempt;
    if (cause === null) return this.release(queue, [attempt], { begun: true });
    try {
      const { name, message } = cause instanceof Error ? cause : new Error(String(cause));
      await this.#place.boss.fail(queue, { id, retryCount }, { name, message });
      await this.#place.notify({ queue });
    } catch (failure) {
      this.#logger.debug({ err: failure }, `Job ${id} could not be given back; its lease will end.`);
    }
  }

  /** Puts jobs back as they were. A try that was begun stays counted, so that the next one is told from it, but costs none of the tries. */
  async release(queue: string, attempts: readonly Attempt[], { begun }: { readonly begun: boolean }): Promise<void> {
    const changes = begun ? "retry_limit = retry_limit + 1" : "started_on = NULL";
    const sql = `UPDATE ${schema}.job SET state = 'created', heartbeat_on = NULL, ${changes} WHERE name = $1 AND ${heldSql}`;
    try {
      await this.#place.sql(sql, [queue, attempts.map(({ id }) => id), pairs(attempts)]);
      await this.#place.notify({ queue });
    } catch (failure) {
      this.#logger.debug({ err: failure }, `${attempts.length} jobs could not be given back; their leases will end.`);
    }
  }

  async flush(): Promise<void> {
    await this.#flushing;
  }

  #settle(attempt: Attempt, output: object | null, record: SourceRecord | null): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#known.add(attempt.id);
      this.#waiting.push({ attempt, output, record, resolve, reject });
      this.#flushing ??= this.#flush();
    });
  }

  async #flush(): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve));
    while (this.#waiting.length > 0) {
      const all = this.#waiting.splice(0, atOnce);
      for (const jobs of Map.groupBy(all, keyOf).values()) await this.#write(jobs);
    }
    this.#flushing = undefined;
  }

  async #write(jobs: readonly Ending[]): Promise<void> {
    const [found, refused] = await this.#held(jobs).then(
      (ids) => [ids, null] as const,
      (cause: unknown) => [new Set<string>(), cause] as const,
    );
    if (refused !== null && jobs.length > 1) {
      // One of them can't be written: the others can.
      for (const job of jobs) await this.#write([job]);
      return;
    }
    for (const { attempt, resolve, reject } of jobs) {
      this.#known.delete(attempt.id);
      if (found.has(attempt.id)) resolve();
      else reject(refused ?? lost());
    }
  }

  /** Of these the jobs that were this worker's, and are completed now. */
  async #held(jobs: readonly Ending[]): Promise<Set<string>> {
    for (let tries = 1; ; tries++) {
      try {
        const ids = new Set(await this.#complete(jobs));
        // The answer to an earlier try may have been lost.
        if (tries > 1 && ids.size < jobs.length) for (const id of await this.#completed(jobs)) ids.add(id);
        return ids;
      } catch (cause) {
        if (tries >= mostTries || isRefused(cause)) throw cause;
        this.#logger.debug({ err: cause }, "The queue does not answer; telling it again.");
        await sleep(againMs);
      }
    }
  }

  async #complete(jobs: readonly Ending[]): Promise<string[]> {
    const attempts = jobs.map(({ attempt }) => attempt);
    const [{ attempt, output } = { attempt: { queue: "" }, output: null }] = jobs;
    const about = [attempt.queue, attempts.map(({ id }) => id), pairs(attempts), output && JSON.stringify(output)];
    const records = jobs.flatMap(({ attempt: { id }, record }) => (record ? [{ id, ...columnsOf(record) }] : []));
    const failed = jobs.filter(({ record }) => record?.state === "failed");
    if (records.length === 0) return idsOf(await this.#place.sql(completeSql, about));
    const values = [...about, JSON.stringify(records)];
    if (failed.length === 0) return idsOf(await this.#place.sql(recordSql, values));
    return this.#place.transaction(async (db) => {
      const ids = idsOf((await db.executeSql(recordSql, values)).rows as { id: string }[]);
      const dead = failed.filter((job) => ids.includes(job.attempt.id));
      const data = dead.map((job) => ({ data: { ...job.attempt.data, error: job.record?.error } }));
      if (data.length > 0) await this.#place.boss.insert(deadName(this.#place.config.QUEUE_NAME), data, { db });
      return ids;
    });
  }

  async #completed(jobs: readonly Ending[]): Promise<string[]> {
    const sql = `SELECT id FROM ${schema}.job WHERE name = $1 AND id = ANY($2::uuid[]) AND state = 'completed'
      AND (id::text || ':' || retry_count::text) = ANY($3::text[])`;
    const attempts = jobs.map(({ attempt }) => attempt);
    return idsOf(await this.#place.sql(sql, [attempts[0]?.queue, attempts.map(({ id }) => id), pairs(attempts)]));
  }
}

/** Jobs that go into one statement. */
function keyOf({ attempt: { queue, id }, output, record }: Ending): string {
  return output === null ? `${queue} ${record !== null}` : id;
}

function idsOf(rows: readonly { readonly id?: unknown }[]): string[] {
  return rows.map(({ id }) => String(id));
}

/** As the statements compare them: PostgreSQL looks these up by a hash, where a join with two columns goes through all pairs. */
export function pairs(attempts: readonly Attempt[]): string[] {
  return attempts.map(({ id, retryCount }) => `${id}:${retryCount}`);
}

/** Jobs `$2` that are still of the tries `$3`. */
export const heldSql =
  "id = ANY($2::uuid[]) AND state = 'active' AND (id::text || ':' || retry_count::text) = ANY($3::text[])";

function columnsOf({ durationMs, error, ...record }: SourceRecord) {
  return { ...record, milliseconds: Math.round(durationMs), error: error && JSON.stringify(error) };
}

const columns = "run, step, source, state, attempts, rows, bytes, milliseconds, error, cursor, note";

/** A crash of the server may undo the last half second of this. Marks kept with the data tell then what was saved. */
const endedSql = `unhurried AS MATERIALIZED (SELECT pg_catalog.set_config('synchronous_commit', 'off', true)),
  ended AS (UPDATE ${schema}.job SET state = 'completed', completed_on = now(), output = $4::jsonb WHERE name = $1 AND ${heldSql} RETURNING id)`;
const completeSql = `WITH ${endedSql} SELECT ended.id FROM ended, unhurried`;
const recordSql = `WITH ${endedSql},
  kept AS (INSERT INTO millrace.sources (${columns}) SELECT ${columns} FROM ended
    JOIN pg_catalog.json_to_recordset($5::json) AS given (id uuid, run text, step text, source text, state text, attempts int, rows bigint,
      bytes bigint, milliseconds bigint, error text, cursor text, note text) USING (id)
    ON CONFLICT (run, step, source) DO UPDATE SET state = excluded.state, attempts = excluded.attempts, rows = excluded.rows,
      bytes = excluded.bytes, milliseconds = excluded.milliseconds, error = excluded.error, cursor = excluded.cursor, note = excluded.note)
  SELECT ended.id FROM ended, unhurried`;

/** Data that the server does not take is not taken the next time either. */
function isRefused(cause: unknown): boolean {
  return cause instanceof Error && "code" in cause && /^(22|23|42)/.test(String(cause.code));
}

function lost(): ConflictError {
  const message =
    "Another worker has taken over: this one gave no sign of life for too long, or the run was ended.";
  return new ConflictError(message, { code: "LEASE_LOST" });
}
