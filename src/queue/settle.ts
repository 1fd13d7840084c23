import { setTimeout as sleep } from "node:timers/promises";
import type { SourceRecord } from "../contracts/ledger.ts";
import type { Logger } from "../contracts/logger.ts";
import { ConflictError } from "../errors.ts";
import { keptError } from "../pipelines/run/kept-error.ts";
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
/** Where so many end in one turn of the event loop, more will in the next ones: they are waited for. */
const many = 10;
const gatherMs = 5;

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
      const { name, message } = keptError(cause, this.#place.config);
      await this.#place.boss.fail(queue, { id, retryCount }, { name, message });
      await this.#place.notify({ queue });
    } catch (failure) {
      this.#logger.debug({ err: failure }, `Job ${id} could not be given back; its lease will end.`);
    }
  }

  /** Puts jobs back as they were. A try that was begun stays counted, so that the next one is told from it, but costs none of the tries. */
  async release(queue: string, attempts: readonly Attempt[], { begun }: { readonly begun: boolean }): Promise<void> {
    const changes = begun ? "retry_limit = retry_limit + 1" : "started_on = NULL";
    const sql = `UPDATE ${schema}.job SET state = 'created', heartbeat_on = NULL, ${changes} WHERE ${heldSql}`;
    try {
      for (const same of byTry(attempts)) await this.#place.sql(sql, heldBy(same));
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
      if (this.#waiting.length >= many && this.#waiting.length < atOnce) await sleep(gatherMs);
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
    const about = heldBy(jobs.map(({ attempt }) => attempt));
    const [first] = jobs;
    if (!first?.record) return idsOf(await this.#place.sql(completeSql, [...about, jsonOf(first?.output)]));
    const records = jobs.flatMap(({ attempt: { id }, record }) => (record ? [columnsOf(id, record)] : []));
    const values = [...about, null, first.record.run, first.record.step, JSON.stringify(records)];
    const failed = jobs.filter(({ record }) => record?.state === "failed");
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
    const sql = `SELECT id FROM ${schema}.job WHERE ${triedSql} AND state = 'completed'`;
    return idsOf(await this.#place.sql(sql, heldBy(jobs.map(({ attempt }) => attempt))));
  }
}

/** Jobs that go into one statement. */
function keyOf({ attempt: { queue, id, retryCount }, output, record }: Ending): string {
  return output === null ? JSON.stringify([queue, retryCount, record?.run, record?.step]) : id;
}

/** Jobs of a queue by the number of their try. */
export function byTry(attempts: readonly Attempt[]): readonly Attempt[][] {
  return [...Map.groupBy(attempts, ({ queue, retryCount }) => `${queue} ${retryCount}`).values()];
}

/** What `heldSql` asks for: jobs of one queue and the same number of tries. */
export function heldBy(attempts: readonly Attempt[]): unknown[] {
  const [first] = attempts;
  // The driver would look for quotes in each of them.
  return [first?.queue, `{${attempts.map(({ id }) => id).join(",")}}`, first?.retryCount];
}

const triedSql = "name = $1 AND id = ANY($2::uuid[]) AND retry_count = $3::int";

/** Jobs that are still of that try. */
export const heldSql = `${triedSql} AND state = 'active'`;

function idsOf(rows: readonly { readonly id?: unknown }[]): string[] {
  return rows.map(({ id }) => String(id));
}

function jsonOf(value: object | null | undefined): string | null {
  return value ? JSON.stringify(value) : null;
}

/** What is nothing is left out: these go over the wire with every source. */
function columnsOf(
  id: string,
  { source, state, attempts, rows, bytes, durationMs, error, cursor, note }: SourceRecord,
) {
  return {
    ...{ id, source, state, attempts, rows: rows || undefined, bytes: bytes || undefined },
    ...{ milliseconds: Math.round(durationMs) || undefined, error: jsonOf(error) ?? undefined },
    ...{ cursor: cursor ?? undefined, note: note ?? undefined },
  };
}

/** A crash of the server may undo the last half second of this. Marks kept with the data tell then what was saved. */
const endedSql = `unhurried AS MATERIALIZED (SELECT pg_catalog.set_config('synchronous_commit', 'off', true)),
  ended AS (UPDATE ${schema}.job SET state = 'completed', completed_on = now(), output = $4::jsonb WHERE ${heldSql} RETURNING id)`;
const completeSql = `WITH ${endedSql} SELECT ended.id FROM ended, unhurried`;
const recordSql = `WITH ${endedSql},
  kept AS (INSERT INTO millrace.sources (run, step, source, state, attempts, rows, bytes, milliseconds, error, cursor, note)
    SELECT $5, $6, source, state, attempts, coalesce(rows, 0), coalesce(bytes, 0), coalesce(milliseconds, 0), error, cursor, note FROM ended
    JOIN pg_catalog.json_to_recordset($7::json) AS given (id uuid, source text, state text, attempts int, rows bigint, bytes bigint,
      milliseconds bigint, error text, cursor text, note text) USING (id)
    ON CONFLICT (run, step, source) DO UPDATE SET state = excluded.state, attempts = excluded.attempts, rows = excluded.rows,
      bytes = excluded.bytes, milliseconds = excluded.milliseconds, error = excluded.error, cursor = excluded.cursor, note = excluded.note)
  SELECT ended.id FROM ended, unhurried`;

/** Data that the server does not take is not taken the next time either. */
function isRefused(cause: unknown): boolean {
  return cause instanceof Error && "code" in cause && /^(22|23|42)/.test(String(cause.code));
}

function lost(): ConflictError {
  const message = "Another worker has taken over: this one gave no sign of life for too long, or the run was ended.";
  return new ConflictError(message, { code: "LEASE_LOST" });
}
