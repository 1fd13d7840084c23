import { get } from "node:http";
import { join } from "node:path";
import { parseConfig } from "../src/config/load.ts";
import { DataFactory } from "../src/factory/data-factory.ts";
import { frame } from "../src/frame/frame.ts";
import { definePipeline } from "../src/pipelines/define.ts";
import { openLedger } from "../src/pipelines/ledger/open.ts";
import { serve } from "../src/service/serve.ts";
import { testTable } from "./data.ts";
import type { BenchCase, BenchContext } from "./harness.ts";

const logger = { debug() {}, info() {}, warn() {}, error() {} };

/** A service over a folder of its own. */
async function open({ folder }: BenchContext, name: string) {
  const data = join(folder, name);
  const config = parseConfig({
    ...{ FS_DATA: data, FS_TEMP: join(data, "temp"), DB_EMBEDDED: "always" },
    ...{ SERVICE_PORT: 0, SERVICE_RATE: 100_000 },
  });
  const factory = new DataFactory({ config, logger });
  const served = await serve({ factory, config, logger });
  const close = async () => {
    await served[Symbol.asyncDispose]();
    await factory.close();
  };
  return { config, factory, url: served.url, close };
}

/** Asks, reads the answer to its end, and throws it away: with as little work for the client, which shares the process, as can be. */
function swallow(url: string): Promise<void> {
  return new Promise((resolve, reject) => {
    get(url, (answer) => answer.resume().on("end", resolve).on("error", reject)).on("error", reject);
  });
}

/** Reads an answer to its end, and throws it away. */
async function drain(answer: Response): Promise<void> {
  for await (const _ of answer.body ?? []);
}

async function median(count: number, work: () => Promise<unknown>): Promise<number> {
  const times: number[] = [];
  for (let i = 0; i < count; i += 1) {
    const began = performance.now();
    await work();
    times.push(performance.now() - began);
  }
  return times.toSorted((a, b) => a - b)[Math.floor(count / 2)] as number;
}

export const quickRows = 300_000;

export const cases: BenchCase[] = [
  {
    name: "temp storage, read in batches",
    group: "rows as Arrow, at least half as fast",
    base: true,
    quick: true,
    async prepare(context) {
      const { factory, close } = await open(context, "read");
      await factory.createDataSaver("temp").saveData(testTable(context.rows), "bench");
      const source = factory.createDataSource("temp");
      return {
        run: async () => {
          for await (const _ of source.getBatches("bench"));
        },
        close,
      };
    },
  },
  {
    name: "/api/data as Arrow",
    group: "rows as Arrow, at least half as fast",
    goals: [
      {
        against: "temp storage, read in batches",
        atMost: 2,
        headline: "`/api/data` as Arrow, to the storage's own read",
      },
    ],
    quick: true,
    async prepare(context) {
      const { factory, url, close } = await open(context, "served");
      await factory.createDataSaver("temp").saveData(testTable(context.rows), "bench");
      return { run: () => swallow(`${url}/api/data/temp/bench?format=arrow`), close };
    },
  },
  {
    name: "overview with 10,000 runs",
    group: "first page, less than 200 ms",
    goals: [{ atMost: 200 }],
    fixed: true,
    async prepare(context) {
      const { config, url, close } = await open(context, "runs");
      await using ledger = await openLedger(config, logger);
      for (let i = 0; i < 10_000; i += 1) {
        const id = `run-${String(i).padStart(5, "0")}`;
        const about = { version: "1", by: "bench 1", request: {}, parent: null };
        await ledger.beginRun({ id, pipeline: `pipeline-${i % 20}`, ...about });
        await ledger.endRun(id, { state: "done", rows: 1, bytes: 1, error: null });
      }
      return { run: () => median(5, async () => drain(await fetch(url))), close };
    },
  },
  {
    name: "/health while a pipeline copies",
    group: "health, less than 50 ms",
    goals: [{ atMost: 50, headline: "`/health` while a pipeline copies in the same process, slowest answer" }],
    async prepare(context) {
      const { factory, url, close } = await open(context, "busy");
      await factory.createDataSaver("temp").saveData(testTable(context.rows), "bench");
      await factory.createDataSaver("csv").saveData(frame({ a: [1] }), "small");
      const busy = definePipeline({ name: "busy", copy: { from: "temp:bench", to: "csv:copied" } });
      return {
        async run() {
          const running = busy.run({ factory, show: "none", signals: false });
          let ended = false;
          void running.finally(() => {
            ended = true;
          });
          let slowest = 0;
          while (!ended) {
            const began = performance.now();
            await drain(await fetch(`${url}/health`));
            slowest = Math.max(slowest, performance.now() - began);
          }
          await running;
          return slowest;
        },
        close,
      };
    },
  },
];
