import { randomUUID } from "node:crypto";
import { hostname } from "node:os";
import type { Lane } from "./hands.ts";
import type { SourceJob } from "./jobs.ts";
import type { JobLoop } from "./loop.ts";
import type { QueuePlace } from "./place.ts";

/** A worker as it last told of itself. */
export interface WorkerPresence {
  /** The machine's name. */
  readonly host: string;
  /** Its process there. */
  readonly pid: number;
  /** When it began. */
  readonly since: Date;
  /** Seconds since it last told of itself. */
  readonly silent: number;
  /** It was silent for longer than its lease: its jobs go to others. */
  readonly lost: boolean;
  /** How many sources it takes in hand at once. */
  readonly concurrency: number;
  /** Names of the pipelines that it knows. */
  readonly pipelines: readonly string[];
  /** How many runs it leads. */
  readonly runs: number;
  /** How many sources it has in hand. */
  readonly sources: number;
  /** Some of these sources. */
  readonly doing: readonly { readonly pipeline: string; readonly step: string; readonly source: string }[];
}

const kindOf = (queue: string) => `queue worker ${queue}`;
/** Sources that are named. */
const named = 5;
/** What was silent for that many leases is not told of any more. */
const forgottenLeases = 20;

interface Told extends Omit<WorkerPresence, "since" | "silent" | "lost"> {
  readonly since: string;
  readonly seen: string;
  readonly leaseMs: number;
}

const tellSql = `INSERT INTO millrace.memory AS known (kind, name, value)
  VALUES ($1, $2, ($3::jsonb || pg_catalog.jsonb_build_object('seen', now()))::text)
  ON CONFLICT (kind, name) DO UPDATE SET value = excluded.value`;

/** Tells all who look after the queue that this worker lives and what it does, until it is disposed of. */
export function announce(
  place: QueuePlace,
  loop: JobLoop,
  about: {
    readonly runLane: Lane;
    readonly sourceLane: Lane;
    readonly concurrency: number;
    readonly pipelines: readonly string[];
  },
): AsyncDisposable {
  const { QUEUE_LEASE: leaseMs, QUEUE_NAME: queue } = place.config;
  const name = randomUUID();
  const [since, host] = [new Date().toISOString(), hostname()];
  let telling = Promise.resolve();
  const tell = () => {
    const { runLane, sourceLane, concurrency, pipelines } = about;
    const sources = loop.inHand(sourceLane);
    const doing = sources.slice(0, named).map(({ data }) => {
      const { pipeline, step, source } = data as SourceJob;
      return { pipeline, step, source };
    });
    const told = { host, pid: process.pid, since, concurrency, pipelines, leaseMs, doing };
    const value = JSON.stringify({ ...told, runs: loop.inHand(runLane).length, sources: sources.length });
    telling = place.sql(tellSql, [kindOf(queue), name, value]).then(
      () => {},
      () => {},
    );
  };
  tell();
  const timer = setInterval(tell, leaseMs / 4);
  return {
    async [Symbol.asyncDispose]() {
      clearInterval(timer);
      await telling;
      await place
        .sql("DELETE FROM millrace.memory WHERE kind = $1 AND name = $2", [kindOf(queue), name])
        .catch(() => {});
    },
  };
}

/** The workers of a queue; those that were lost long ago are forgotten. */
export async function workersOf(place: QueuePlace, queue: string): Promise<WorkerPresence[]> {
  const rows = await place.sql<{ name: string; value: string; silent: number }>(
    `SELECT name, value, extract(epoch FROM now() - (value::jsonb ->> 'seen')::timestamptz)::float8 AS silent
     FROM millrace.memory WHERE kind = $1`,
    [kindOf(queue)],
  );
  const all = rows.map(({ name, value, silent }) => {
    const { seen: _, leaseMs, since, ...told } = JSON.parse(value) as Told;
    const leases = (silent * 1_000) / leaseMs;
    return { name, leases, worker: { ...told, since: new Date(since), silent, lost: leases > 1 } };
  });
  const gone = all.filter(({ leases }) => leases > forgottenLeases).map(({ name }) => name);
  if (gone.length > 0) {
    await place.sql("DELETE FROM millrace.memory WHERE kind = $1 AND name = ANY($2::text[])", [kindOf(queue), gone]);
  }
  return all
    .filter(({ leases }) => leases <= forgottenLeases)
    .map(({ worker }) => worker)
    .sort((a, b) => a.host.localeCompare(b.host) || a.pid - b.pid);
}
