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
import type { Tally } from "./tally.ts";

/** How often the ledger is asked at least, whatever was heard. */
const lateMs = 1_000;
/** So few are asked for by name at once. */
const few = 50;
/** Jobs in one statement, and in the first one: workers begin with those. */
const atOnce = 2_000;
const atFirst = 200;

interface Spread {
  readonly place: QueuePlace;
  readonly scope: StepScope;
  readonly queue: string;
  /** The job of each source. */
  readonly ids: ReadonlyMap<string, string>;
}

/** Gives the sources of a step to the queue, and waits until all of them have ended in the ledger. */
export async function spreadSources(
  place: QueuePlace,
  scope: StepScope,
  sources: readonly SpreadSource[],
  about: { readonly version: string; readonly leader: string; readonly tally: Tally },
): Promise<void> {
  const { session, step, signal } = scope;
  const { id: run, pipeline, request, began } = session;
  const { QUEUE_NAME: name } = place.config;
  const queue = await place.queue({ queue: name, pipeline, version: about.version, kind: "sources" });
  const storage = storagesOf(step).at(-1)?.split(":")[0];
  const jobs = sources.map(({ source, of, tries }): NewJob => {
    const where = { pipeline, run, step: step.name, source, ...(of !== source && { of }), ...(tries > 0 && { tries }) };
    const asked = Object.keys(request).length > 0 && { request };
    const data: SourceJob = { ...where, ...asked, began: began.toISOString() };
    return { id: jobId(about.leader, step.name, source), data, ...(storage && { group: { id: storage } }) };
  });
  const ids = new Map(jobs.map(({ id, data }) => [data.source, id]));
  const spread: Spread = { place, scope, queue, ids };
  await endOthers(place, queue, run, [...ids.values()]);
  const begunBefore = sources.some(({ tries }) => tries > 0);
  try {
    for (let at = 0; at < jobs.length; at += at === 0 ? atFirst : atOnce) {
      signal.throwIfAborted();
      await insert(place, queue, jobs.slice(at, at + (at === 0 ? atFirst : atOnce)), begunBefore);
    }
    await waitForAll(spread, about.tally);
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
async function insert(place: QueuePlace, queue: string, jobs: readonly NewJob[], begunBefore: boolean): Promise<void> {
  const [first] = jobs;
  if (!first) return;
  const { run, step } = first.data;
  await place.transaction(async (db) => {
    const made = new Set(await place.boss.insert(queue, [...jobs], { db, returnId: begunBefore }));
    // What failed in an earlier try at the run has not ended any more.
    const again = jobs.filter(({ id }) => made.has(id)).map(({ data }) => data.source);
    const sql =
      "UPDATE millrace.sources SET state = 'pending' WHERE run = $1 AND step = $2 AND source = ANY($3::text[])";
    if (again.length > 0) await db.executeSql(sql, [run, step, again]);
    await db.executeSql("SELECT pg_catalog.pg_notify($1, $2)", [jobsChannel, JSON.stringify({ queue })]);
  });
}

async function waitForAll(spread: Spread, tally: Tally): Promise<void> {
  const { session, signal } = spread.scope;
  const aborted = new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
  const left = new Set(spread.ids.keys());
  /** How many have ended in the step when all of these have. */
  let wanted = 0;
  for (let looks = 0; ; looks++) {
    signal.throwIfAborted();
    const told = tally.total;
    let missing = left.size;
    try {
      const count = left.size <= few || looks % 10 === 0 ? wanted : await endedCount(spread);
      missing = Math.min(missing, wanted - count);
      if (missing <= 0) {
        const ended = await endedOf(spread, [...left]);
        for (const source of ended.sources) left.delete(source);
        missing = left.size;
        wanted = ended.count + missing;
      }
      if (missing === 0) return;
      if (looks % (left.size <= few ? 2 : 10) === 1) await failDead(spread, [...left]);
    } catch (cause) {
      session.logger.debug({ err: cause }, "The ledger does not answer; looking again.");
    }
    // Some that are told of now may be in the answer already: then it is asked once more in vain.
    const late = new AbortController();
    await Promise.race([
      tally.reaches(told + missing),
      aborted,
      sleep(lateMs, undefined, { signal: late.signal }).catch(() => {}),
    ]);
    late.abort();
  }
}

const endedSql = "FROM millrace.sources WHERE run = $1 AND step = $2 AND state IN ('done', 'skipped', 'failed')";

/** Counting costs a fraction of naming them. */
async function endedCount({ place, scope: { session, step } }: Spread): Promise<number> {
  const [row] = await place.sql<{ count: number }>(`SELECT count(*)::int AS count ${endedSql}`, [
    session.id,
    step.name,
  ]);
  return row?.count ?? 0;
}

/** Which of these have ended, and how many of the step have at that moment. */
async function endedOf({ place, scope: { session, step } }: Spread, sources: readonly string[]) {
  const sql = `SELECT count(*)::int AS count, coalesce(array_agg(source) FILTER (WHERE source = ANY($3::text[])), '{}') AS sources ${endedSql}`;
  const [row] = await place.sql<{ count: number; sources: string[] }>(sql, [session.id, step.name, sources]);
  return row ?? { count: 0, sources: [] };
}

/** Sources whose job has failed too often, or was taken out of the queue. */
async function failDead({ place, scope, queue, ids }: Spread, left: readonly string[]): Promise<void> {
  const { session, step } = scope;
  const wanted = left.flatMap((source) => ids.get(source) ?? []);
  const sql = `SELECT wanted.id, state FROM unnest($2::uuid[]) AS wanted (id) LEFT JOIN ${schema}.job ON name = $1 AND job.id = wanted.id
    WHERE state IS NULL OR state IN ('failed', 'cancelled')`;
  const dead = new Map(
    (await place.sql<{ id: string; state: string | null }>(sql, [queue, wanted])).map(({ id, state }) => [id, state]),
  );
  // A job and how its source ended are written together: what has ended since was no purge.
  const ended = dead.size === 0 ? [] : (await endedOf({ place, scope, queue, ids }, left)).sources;
  for (const source of left.filter((each) => dead.has(ids.get(each) ?? "") && !ended.includes(each))) {
    const error =
      dead.get(ids.get(source) ?? "") === "failed"
        ? new RunError(
            `Every worker that took "${source}" was lost, ${place.config.QUEUE_TRIES} in all: it may take more memory than they have.`,
            { hint: "See `millrace queue status`; after a fix, `millrace queue redrive` goes on." },
          )
        : new RunError(`"${source}" was taken out of the queue before a worker had it.`, {
            hint: "`millrace resume` goes on with the run: what was done is not done again.",
          });
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
