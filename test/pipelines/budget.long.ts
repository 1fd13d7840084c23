import { fork } from "node:child_process";
import { once } from "node:events";
import { createReadStream, createWriteStream } from "node:fs";
import { mkdir, mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { expect, test } from "vitest";
import { testTable } from "../../bench/data.ts";

const gigabytes = Number(process.env.MILLRACE_BUDGET_GB ?? 5);
const partRows = 1_000_000;
/** Some ten minutes where nothing else runs. */
const twoHours = 7_200_000;

/** As docs/pipelines.md says for a small budget. */
const environment = { MALLOC_ARENA_MAX: "1", MALLOC_MMAP_THRESHOLD_: "131072", MALLOC_TRIM_THRESHOLD_: "131072" };
const flags = ["--max-semi-space-size=2"];

test(
  "a file of 5 GB goes through in 256 MB and without a stall of 50 ms while the service answers /health",
  async () => {
    const folder = await mkdtemp(join(tmpdir(), "millrace-budget-"));
    try {
      const settings = {
        ...{ FS_DATA: join(folder, "data"), FS_TEMP: join(folder, "temp"), LOG_LEVEL: "warn", DB_EMBEDDED: "always" },
        ...{ SERVICE_PORT: 0, BUDGET_MEMORY: "256MB", BUDGET_STALL: "50ms" },
      };
      await mkdir(settings.FS_DATA);
      const rows = await makeFile(folder, join(settings.FS_DATA, "big.csv"));
      const program = join(import.meta.dirname, "programs", "budget.ts");
      const child = fork(program, [JSON.stringify(settings)], {
        env: { ...process.env, ...environment },
        execArgv: flags,
      });
      const [{ url }] = (await once(child, "message")) as [{ url: string }];
      const ended = once(child, "message") as Promise<[{ state: string; rows: number; spent: unknown }]>;
      const exited = once(child, "exit");
      child.send("go");
      const health = await watchHealth(`${url}/health`, ended);
      const [run] = await ended;
      await exited;
      console.log(JSON.stringify({ run, health }));
      expect(run).toMatchObject({ state: "done", rows });
      expect(health.failed).toBe(0);
      expect(run.spent).toMatchObject({
        peakBytes: expect.toSatisfy((bytes: number) => bytes <= 256 * 2 ** 20),
        stallMs: expect.toSatisfy((ms: number) => ms <= 50),
      });
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  },
  twoHours,
);

/** Resolves with its rows. */
async function makeFile(folder: string, path: string): Promise<number> {
  const [head, part] = [join(folder, "head.csv"), join(folder, "part.csv")];
  const table = testTable(partRows);
  await table.head(1).lazy().sinkCSV(head, {}).collect();
  await table.lazy().sinkCSV(part, { includeHeader: false, maintainOrder: true }).collect();
  await pipeline(createReadStream(head), createWriteStream(path));
  const parts = Math.ceil((gigabytes * 2 ** 30) / (await stat(part)).size);
  for (let i = 0; i < parts; i++) await pipeline(createReadStream(part), createWriteStream(path, { flags: "a" }));
  return parts * partRows + 1;
}

/** Asks again and again until the run has ended. */
async function watchHealth(
  url: string,
  ended: Promise<unknown>,
): Promise<{ asked: number; failed: number; slowestMs: number }> {
  let over = false;
  void ended.finally(() => {
    over = true;
  });
  const seen = { asked: 0, failed: 0, slowestMs: 0 };
  while (!over) {
    const began = performance.now();
    const status = await fetch(url).then(
      async (answer) => (await answer.arrayBuffer()) && answer.status,
      () => 0,
    );
    // It ends when the run has ended.
    if (over) break;
    seen.asked += 1;
    if (status !== 200) seen.failed += 1;
    seen.slowestMs = Math.max(seen.slowestMs, Math.round(performance.now() - began));
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return seen;
}
