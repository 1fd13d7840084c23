import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "vitest";
import type { RunEvent } from "../../src/contracts/run-event.ts";
import { openQueuePlace } from "./workers.ts";

type Place = Awaited<ReturnType<typeof openQueuePlace>>;
type Worker = Awaited<ReturnType<Place["startWorker"]>>;

export interface Harm {
  readonly sources: number;
  /** How many workers are killed with -9, each of which is replaced. */
  readonly kills: number;
  readonly restarts: number;
  readonly leaseMs: number;
}

/**
 * Runs a fan-out on three workers while they are killed, the server is started anew, and one worker sleeps past its lease. What
 * stands there in the end is what a quiet run makes of it: every source is saved once.
 */
export async function harmRun({ sources, kills, restarts, leaseMs }: Harm): Promise<void> {
  process.env.SOURCES = String(sources);
  const { fanout, names } = await import("./programs/pipelines.ts");
  await using place = await openQueuePlace({ QUEUE_LEASE: leaseMs, QUEUE_TRIES: 50 }, { SLOW_MS: "20" });
  const workers: Worker[] = [];
  for (let each = 0; each < 3; each++) workers.push(await place.startWorker());
  const ended = new Ended();
  const running = fanout.run({ ...place.options, onEvent: ended.hear });
  running.catch(() => {});
  const over = running.then(
    () => true,
    () => true,
  );
  const step = Math.max(1, Math.floor(sources / (kills + restarts + 3)));
  await Promise.race([ended.reaches(step), over]);
  // Asleep for longer than its lease, in the middle of its work.
  const [sleeper] = workers;
  sleeper?.child.kill("SIGSTOP");
  const awake = sleep(leaseMs * 2.5).then(() => sleeper?.child.kill("SIGCONT"));
  for (let harm = 0; harm < kills + restarts; harm++) {
    await Promise.race([ended.reaches(step * (harm + 2)), over, sleep(leaseMs * 2)]);
    if (harm % 2 === 1 && harm / 2 < restarts) await place.server.restart();
    else {
      const victim = workers[1 + (harm % 2)] as Worker;
      await sleep(Math.random() * 30);
      const gone = once(victim.child, "exit");
      victim.child.kill("SIGKILL");
      await gone;
      workers[1 + (harm % 2)] = await place.startWorker();
    }
  }
  await awake;
  const result = await running;
  expect(result.state).toBe("done");
  expect(result.steps[0]?.sources.filter(({ state }) => state === "done")).toHaveLength(sources);
  for (const name of names) {
    const rows = await place.server.sql(`SELECT source, row::int AS row FROM public."${name}" ORDER BY row`);
    expect(rows).toEqual([0, 1, 2, 3, 4].map((row) => ({ source: name, row })));
  }
  expect(await place.server.sql("SELECT item FROM public.items ORDER BY item")).toEqual([{ item: "a" }, { item: "b" }]);
}

/** Counts sources that have ended; what was done before a leader was lost counts by its step. */
class Ended {
  #count = 0;
  #waiting: { count: number; resolve: () => void }[] = [];
  readonly hear = (event: RunEvent) => {
    if (event.type !== "source-ended") return;
    this.#count += 1;
    for (const { count, resolve } of this.#waiting) if (this.#count >= count) resolve();
  };
  reaches(count: number): Promise<void> {
    return new Promise((resolve) => {
      if (this.#count >= count) resolve();
      else this.#waiting.push({ count, resolve });
    });
  }
}
