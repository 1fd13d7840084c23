import { setTimeout as sleep } from "node:timers/promises";
import { RunError } from "../errors.ts";
import { keptError } from "../pipelines/run/kept-error.ts";
import type { SpreadSource, StepScope } from "../pipelines/run/session.ts";
import { evict } from "./fence.ts";
import { HandedBack } from "./handed-back.ts";
import type { SourceJob } from "./jobs.ts";
import { jobId } from "./names.ts";
import { jobsChannel, type QueuePlace, schema } from "./place.ts";
import { storagesOf } from "./refuse.ts";

/** How often the ledger is asked at most, and at least. */
const soonMs = 100;
const lateMs = 1_000;
/** So few are asked for without a pause. */
const few = 50;
/** Jobs in one statement. */
const atOnce = 2_000;

/** Resolves when somebody says that a source of that run has ended. */
export type HeardOf = (run: string) => Promise<void>;

/** Gives the sources of a step to the queue, and waits until all of them have ended in the ledger. */
export async function spreadSources(
  place: QueuePlace,
  { session, step, signal }: StepScope,
  sources: readonly SpreadSource[],
  about: { readonly version: string; readonly leader: string; readonly heardOf: HeardOf },
): Promise<void> {
  const { id: run, pipeline, request, began } = session;
  const queue = await place.queue({
    queue: place.config.QUEUE_NAME,
    pipeline,
    version: about.version,
    kind: "sources",
  });
  const storage = storagesOf(step).at(-1)?.split(":")[0];
  const jobs = sources.map(({ source, of }) => {
    const data: SourceJob = { pipeline, run, step: step.name, source, of, request, began: began.toISOString() };
    return { id: jobId(about.leader, step.name, source), data, ...(storage && { group: { id: storage } }) };
  });
  await endOthers(
    place,
    queue,
    run,
    jobs.map(({ id }) => id),
  );
  for (let at = 0; at < jobs.length; at += atOnce) await insert(place, queue, jobs.slice(at, at + atOnce));
  const ids = new Map(jobs.map(({ id, data }) => [data.source, id]));
  try {
    await waitForAll(place, { session, step, signal } as StepScope, queue, ids, about.heardOf);
  } catch (cause) {
    // Whoever leads the run next finds them under way.
    if (signal.reason instanceof HandedBack) throw cause;
    await endJobs(place, queue, [...ids.values()]).catch(() => {});
    throw cause;
  }
}

interface NewJob {
  readonly id: string;
  readonly data: SourceJob;
}

/** Those that are there already go on: another worker led the run when they were made. */
async function insert(place: QueuePlace, queue: string, jobs: readonly NewJob[]): Promise<void> {
  const [first] = jobs;
  if (!first) return;
  const { run, step } = first.data;
  await place.transaction(async (db) => {
    const made = new Set(await place.boss.insert(queue, [...jobs], { db, returnId: true }));
    const sources = jobs.filter(({ id }) => made.has(id)).map(({ data }) => data.source);
    await db.executeSql(
      `INSERT INTO millrace.sources AS known (run, step, source, state, attempts, rows, bytes, milliseconds)
       SELECT $1, $2, source, 'pending', 0, 0, 0, 0 FROM unnest($3::text[]) AS source
       ON CONFLICT (run, step, source) DO UPDATE SET state = 'pending' WHERE known.state NOT IN ('done', 'skipped')`,
      [run, step, sources],
    );
    await db.executeSql("SELECT pg_catalog.pg_notify($1, $2)", [jobsChannel, JSON.stringify({ queue })]);
  });
}

async function waitForAll(
  place: QueuePlace,
  scope: StepScope,
  queue: string,
  ids: ReadonlyMap<string, string>,
  heardOf: HeardOf,
): Promise<void> {
  const { session, step, signal } = scope;
  const { promise: aborted, resolve } = Promise.withResolvers<void>();
  signal.addEventListener("abort", () => resolve(), { once: true });
  for (let looks = 0; ; looks++) {
    signal.throwIfAborted();
    const heard = heardOf(session.id);
    const left = await leftOf(place, session.id, step.name).catch((cause: unknown) => {
      session.logger.debug({ err: cause }, "The ledger does not answer; looking again.");
      return null;
    });
    if (left?.every((source) => !ids.has(source))) return;
    if (left && looks % 10 === 9) await failDead(place, scope, queue, left, ids);
    const pause = new AbortController();
    await Promise.race([heard, aborted, sleep(lateMs, undefined, { signal: pause.signal }).catch(() => {})]);
    pause.abort();
    // Many sources that end soon after each other are counted in one go.
    await Promise.race([aborted, sleep(left && left.length < few ? soonMs / 10 : soonMs)]);
  }
}

async function leftOf(place: QueuePlace, run: string, step: string): Promise<string[]> {
  const sql =
    "SELECT source FROM millrace.sources WHERE run = $1 AND step = $2 AND state IN ('pending', 'running', 'stopped')";
  return (await place.sql<{ source: string }>(sql, [run, step])).map(({ source }) => source);
}

/** Sources whose job has failed too often. */
async function failDead(
  place: QueuePlace,
  { session, step }: StepScope,
  queue: string,
  left: readonly string[],
  ids: ReadonlyMap<string, string>,
): Promise<void> {
  const wanted = left.flatMap((source) => ids.get(source) ?? []);
  const sql = `SELECT id FROM ${schema}.job WHERE name = $1 AND id = ANY($2::uuid[]) AND state IN ('failed', 'cancelled')`;
  const dead = new Set((await place.sql<{ id: string }>(sql, [queue, wanted])).map(({ id }) => id));
  for (const source of left.filter((each) => dead.has(ids.get(each) ?? ""))) {
    const error = new RunError(
      `Every worker that took "${source}" was lost, ${place.config.QUEUE_TRIES} in all: it may take more memory than they have.`,
      { hint: "See `millrace queue status`; after a fix, `millrace queue redrive` goes on." },
    );
    await session.ledger.putSource({
      ...{ run: session.id, step: step.name, source, state: "failed", attempts: place.config.QUEUE_TRIES },
      ...{ rows: 0, bytes: 0, durationMs: 0, error: keptError(error, session.config), cursor: null, note: null },
    });
  }
}

/** Takes jobs out of the queue: whoever works on one can save no more. */
export async function endJobs(place: QueuePlace, queue: string, ids: readonly string[]): Promise<void> {
  const sql = `WITH found AS (
      SELECT id, state FROM ${schema}.job WHERE name = $1 AND id = ANY($2::uuid[]) AND state <= 'active' FOR UPDATE)
    UPDATE ${schema}.job AS job SET state = 'cancelled', completed_on = now() FROM found
    WHERE job.name = $1 AND job.id = found.id RETURNING job.id, found.state AS was`;
  const ended = await place.sql<{ id: string; was: string }>(sql, [queue, ids]);
  const active = ended.filter(({ was }) => was === "active").map(({ id }) => id);
  for (let at = 0; at < active.length; at += 100) await place.notify({ lost: active.slice(at, at + 100) });
  await Promise.all(active.map((id) => evict(place, id)));
}

/** Jobs of the same run that an earlier leader made, before the run was ended and gone on with. */
async function endOthers(place: QueuePlace, queue: string, run: string, own: readonly string[]): Promise<void> {
  const sql = `SELECT id FROM ${schema}.job WHERE name = $1 AND state <= 'active' AND data ->> 'run' = $2 AND id <> ALL($3::uuid[])
    AND EXISTS (SELECT 1 FROM millrace.runs WHERE id = $2 AND resumed > 0)`;
  const others = await place.sql<{ id: string }>(sql, [queue, run, own]);
  if (others.length > 0)
    await endJobs(
      place,
      queue,
      others.map(({ id }) => id),
    );
}
