/**
 * Where PostgreSQL becomes the limit: `node bench/scale.ts [--workers 100] [--jobs 1000000] [--job-ms 1000] [--server-ms 10]`.
 *
 * Workers and one server as queues of events. A job costs its worker `job-ms`, and the server `server-ms` of one of its cores for all
 * statements of that job. 10 ms is what a source of 1,000 rows saved to a table of its own was measured with, 0.11 ms an empty one.
 */
import { parseArgs } from "node:util";

const { values } = parseArgs({
  options: {
    workers: { type: "string", default: "100" },
    jobs: { type: "string", default: "1000000" },
    "job-ms": { type: "string", default: "1000" },
    "server-ms": { type: "string", default: "10" },
    cores: { type: "string", default: "8" },
    concurrency: { type: "string", default: "4" },
  },
});
const number = (name: keyof typeof values): number => Number(values[name]);

/** Milliseconds until all jobs are done: each takes a place of a worker, then one of the server's cores. */
function simulate(workers: number, jobs: number): { readonly ms: number; readonly busy: number } {
  const [jobMs, serverMs] = [number("job-ms"), number("server-ms")];
  // Half of all jobs take longer than the other half, as sources do.
  const workMs = (job: number) => jobMs * (0.5 + ((job * 7_919) % 1_000) / 1_000);
  const cores = new Heap(number("cores"), () => 0);
  /** When each place comes to the server with what it has worked on. */
  const places = new Heap(workers * number("concurrency"), workMs);
  let [last, used] = [0, 0];
  for (let job = 0; job < jobs; job++) {
    const done = Math.max(places.first, cores.first) + serverMs;
    cores.replaceFirst(done);
    places.replaceFirst(done + workMs(job));
    used += serverMs;
    last = Math.max(last, done);
  }
  return { ms: last, busy: used / (last * number("cores")) };
}

/** When each of several places is free; the soonest first. */
class Heap {
  readonly #times: Float64Array;

  constructor(size: number, time: (place: number) => number) {
    this.#times = Float64Array.from({ length: size }, (_, place) => time(place)).sort();
  }

  get first(): number {
    return this.#times[0] as number;
  }

  replaceFirst(time: number): void {
    const times = this.#times;
    let at = 0;
    for (;;) {
      const [left, right] = [2 * at + 1, 2 * at + 2];
      const least = right < times.length && (times[right] as number) < (times[left] as number) ? right : left;
      if (least >= times.length || (times[least] as number) >= time) break;
      times[at] = times[least] as number;
      at = least;
    }
    times[at] = time;
  }
}

const most = number("workers");
console.log(`${number("jobs")} jobs of ${number("job-ms")} ms, ${number("server-ms")} ms of the server for each`);
for (const workers of [1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000].filter((each) => each <= most)) {
  const { ms, busy } = simulate(workers, number("jobs"));
  const perSecond = (number("jobs") / ms) * 1_000;
  console.log(
    `${String(workers).padStart(5)} workers ${(ms / 60_000).toFixed(1).padStart(9)} min ${perSecond.toFixed(0).padStart(8)} jobs/s, server ${(busy * 100).toFixed(0).padStart(3)} % busy`,
  );
}
