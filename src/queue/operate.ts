import type { RunJob, SourceJob } from "./jobs.ts";
import { deadName, jobId, readQueueName } from "./names.ts";
import { jobsChannel, type QueuePlace, schema } from "./place.ts";
import { type WorkerPresence, workersOf } from "./presence.ts";

/** What a queue holds, who works on it, and what could not be done. */
export interface QueueStatus {
  /** The queue's name. */
  readonly queue: string;
  /** Whether workers take nothing out of it. */
  readonly paused: boolean;
  /** Jobs by pipeline, version and kind. */
  readonly pipelines: readonly {
    readonly pipeline: string;
    readonly version: string;
    readonly kind: string;
    readonly waiting: number;
    readonly active: number;
    /** In the last day. */
    readonly done: number;
    /** In the last day, of those whose workers were lost too often. */
    readonly failed: number;
    /** Seconds for which the oldest one waits. */
    readonly oldest: number | null;
  }[];
  /** The workers that take from it, also those that are gone for a short while. */
  readonly workers: readonly WorkerPresence[];
  /** Jobs that could not be done, with their errors; newest first. */
  readonly dead: readonly DeadJob[];
}

/** A job that could not be done, and why. */
export interface DeadJob {
  /** The job's id in the queue. */
  readonly id: string;
  /** The pipeline's name. */
  readonly pipeline: string;
  /** The run's id. */
  readonly run: string;
  /** The step's name; null for a run as a whole. */
  readonly step: string | null;
  /** The source's name; null for a run as a whole. */
  readonly source: string | null;
  /** What the last try said. */
  readonly error: string;
  /** When it was given up. */
  readonly at: Date;
}

const kind = "queue paused";

export async function pausedQueues(place: QueuePlace): Promise<Set<string>> {
  const rows = await place.sql<{ name: string }>("SELECT name FROM millrace.memory WHERE kind = $1 AND value = 'yes'", [
    kind,
  ]);
  return new Set(rows.map(({ name }) => name));
}

/** While it is paused workers take nothing out; what they have in hand is finished. */
export async function setPaused(place: QueuePlace, queue: string, paused: boolean): Promise<void> {
  await place.sql(
    `INSERT INTO millrace.memory (kind, name, value) VALUES ($1, $2, $3)
     ON CONFLICT (kind, name) DO UPDATE SET value = excluded.value`,
    [kind, queue, paused ? "yes" : "no"],
  );
  await place.notify({ changed: true });
}

/** Names of all queues that there are jobs or workers of, and of this one. */
export async function queueNames(place: QueuePlace): Promise<string[]> {
  const names = (await place.boss.getQueues()).flatMap(({ name }) => readQueueName(name)?.queue ?? []);
  return [...new Set([place.config.QUEUE_NAME, ...names])].sort();
}

interface Counted {
  readonly name: string;
  readonly waiting: number;
  readonly active: number;
  readonly done: number;
  readonly failed: number;
  readonly oldest: number | null;
}

const countSql = `SELECT name, (count(*) FILTER (WHERE state < 'active'))::int AS waiting, (count(*) FILTER (WHERE state = 'active'))::int AS active,
    (count(*) FILTER (WHERE state = 'completed'))::int AS done, (count(*) FILTER (WHERE state = 'failed'))::int AS failed,
    extract(epoch FROM now() - min(created_on) FILTER (WHERE state < 'active'))::float8 AS oldest
  FROM ${schema}.job WHERE starts_with(name, $1) AND name <> $2 GROUP BY name ORDER BY name`;

export async function queueStatus(place: QueuePlace, queue: string): Promise<QueueStatus> {
  const rows = await place.sql<Counted>(countSql, [`${queue}/`, deadName(queue)]);
  const pipelines = rows.flatMap(({ name, ...counts }) => {
    const parts = readQueueName(name);
    return parts ? [{ pipeline: parts.pipeline, version: parts.version, kind: parts.kind, ...counts }] : [];
  });
  const paused = (await pausedQueues(place)).has(queue);
  const [workers, dead] = [await workersOf(place, queue), await deadJobs(place, queue)];
  return { queue, paused, pipelines, workers, dead: dead.map(shown) };
}

/** So many are looked at in one go. */
const mostDead = 10_000;

interface Dead {
  readonly id: string;
  readonly data: Pick<SourceJob, "pipeline" | "run" | "request"> & {
    step?: string;
    source?: string;
    error?: { message: string };
  };
  readonly output: { message?: string; value?: { message?: string } } | null;
  readonly at: Date;
}

function deadJobs(place: QueuePlace, queue: string): Promise<Dead[]> {
  return place.sql<Dead>(
    `SELECT id, data, coalesce(to_jsonb(job) -> 'source_output', output) AS output, created_on AS at FROM ${schema}.job
     WHERE name = $1 AND state = 'created' ORDER BY created_on DESC LIMIT ${mostDead}`,
    [deadName(queue)],
  );
}

function shown({ id, data, output, at }: Dead): DeadJob {
  const error = data.error?.message ?? output?.message ?? output?.value?.message ?? "Its workers were lost.";
  return {
    id,
    pipeline: data.pipeline,
    run: data.run,
    step: data.step ?? null,
    source: data.source ?? null,
    error,
    at,
  };
}

/**
 * Goes on with the runs of all jobs that could not be done: what was done is not done again. Several of one pipeline wait for each other.
 * Resolves with those runs.
 */
export async function redrive(place: QueuePlace, queue: string): Promise<string[]> {
  const runs = new Set<string>();
  for (;;) {
    const dead = await deadJobs(place, queue);
    for (const [run, jobs] of Map.groupBy(dead.toReversed(), ({ data }) => data.run)) {
      await goOn(place, queue, run, jobs);
      runs.add(run);
    }
    if (dead.length < mostDead) return [...runs];
  }
}

async function goOn(place: QueuePlace, queue: string, run: string, dead: readonly Dead[]): Promise<void> {
  const pipeline = dead[0]?.data.pipeline ?? "";
  const [row] = await place.sql<{ version: string }>("SELECT version FROM millrace.runs WHERE id = $1", [run]);
  const name = await place.queue({ queue, pipeline, version: row?.version ?? "1", kind: "runs" });
  // Counts for a run whose leaders were lost before it was begun.
  const request = dead[0]?.data.request ?? {};
  const data: RunJob = { pipeline, run, request, resume: true, waits: true };
  const ids = dead.map(({ id }) => id);
  await place.transaction(async (db) => {
    await place.boss.insert(name, [{ id: jobId("redrive", run, ...ids), data }], { db });
    await db.executeSql(`DELETE FROM ${schema}.job WHERE name = $1 AND state = 'created' AND data ->> 'run' = $2`, [
      deadName(queue),
      run,
    ]);
    await db.executeSql("SELECT pg_catalog.pg_notify($1, $2)", [jobsChannel, JSON.stringify({ queue: name })]);
  });
}

/** Removes what waits, or with `dead` what could not be done. Resolves with how many. */
export async function purge(place: QueuePlace, queue: string, { dead = false } = {}): Promise<number> {
  const where = dead ? "name = $1" : "starts_with(name, $1) AND name <> $2 AND state < 'active'";
  const values = dead ? [deadName(queue)] : [`${queue}/`, deadName(queue)];
  const rows = await place.sql<{ count: number }>(
    `WITH gone AS (DELETE FROM ${schema}.job WHERE ${where} RETURNING 1) SELECT count(*)::int AS count FROM gone`,
    values,
  );
  return rows[0]?.count ?? 0;
}
