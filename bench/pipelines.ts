import { join } from "node:path";
import { Calculator } from "../src/calculation/calculator.ts";
import { parseConfig } from "../src/config/load.ts";
import { DataFactory } from "../src/factory/data-factory.ts";
import { frame } from "../src/frame/frame.ts";
import type { DataFrame } from "../src/frame/polars.ts";
import { definePipeline } from "../src/pipelines/define.ts";
import type { RunOptions } from "../src/pipelines/pipeline.ts";
import { testTable } from "./data.ts";
import type { BenchCase, BenchContext } from "./harness.ts";

const logger = { debug() {}, info() {}, warn() {}, error() {} };
const small = frame([{ id: 1n, price: 1.5 }], { id: "int64", price: "float64" });
const sources = Array.from({ length: 1_000 }, (_, index) => `source ${index}`);

/** Reads and saves nothing, so that what is measured is the framework's own. */
const nowhere = {
  getData: async () => small,
  listSources: async () => sources,
  saveData: async () => true,
  saveWithBackup: async () => true,
  healthCheck: async () => true,
};

/** Another place, which the framework can tell from the first. */
const elsewhere = Object.assign({ storageId: "elsewhere" }, nowhere);

class Trivial extends Calculator {
  calculate(rows: DataFrame) {
    return rows;
  }
  override destination(source: string) {
    return source;
  }
}

function open({ folder }: BenchContext, name: string) {
  const data = join(folder, name);
  const factory = new DataFactory({ config: parseConfig({ FS_DATA: data, FS_TEMP: join(data, "temp") }), logger });
  const options: RunOptions = { factory, show: "none", signals: false };
  return { factory, options, close: () => factory.close() };
}

/** Milliseconds of one of several, one after the other. */
async function mean(count: number, work: () => Promise<unknown>): Promise<number> {
  const started = performance.now();
  for (let each = 0; each < count; each++) await work();
  return (performance.now() - started) / count;
}

const backup = { backupData: async () => [false, null], backupAll: async () => [], healthCheck: async () => true };

export const quickRows = 100_000;

export const cases: BenchCase[] = [
  {
    name: "a run of one step with one small frame",
    group: "overhead",
    goals: [{ atMost: 5, headline: "A pipeline of one step with one small frame, all of its time" }],
    fixed: true,
    async prepare(context) {
      const { options, close } = open(context, "one");
      const one = definePipeline({
        name: "one",
        copy: { from: nowhere, sources: ["a"], to: elsewhere },
      });
      return { run: () => mean(20, () => one.run(options)), close };
    },
  },
  {
    name: "1,000 sources, calculator alone",
    group: "1,000 sources",
    base: true,
    fixed: true,
    quick: true,
    async prepare(context) {
      const { factory, close } = open(context, "bare");
      const calculator = new Trivial(factory.config, logger);
      return { run: () => calculator.runCompleteCalculation(nowhere, nowhere, backup as never, sources), close };
    },
  },
  {
    name: "1,000 sources, in a pipeline",
    group: "1,000 sources",
    goals: [{ against: "1,000 sources, calculator alone", atMost: 1, plus: 1_000 }],
    fixed: true,
    quick: true,
    async prepare(context) {
      const { options, close } = open(context, "many");
      const many = definePipeline({ name: "many", calculate: { calculator: Trivial, from: nowhere, to: nowhere } });
      return { run: () => many.run(options), close };
    },
  },
  ...(["csv", "temp"] as const).map(
    (type): BenchCase => ({
      name: `an incremental run with nothing new, ${type}`,
      group: "nothing new",
      goals: [{ atMost: 50 }],
      fixed: true,
      async prepare(context) {
        const { factory, options, close } = open(context, `noop-${type}`);
        await factory
          .createDataSaver("temp")
          .saveData(testTable(Math.min(context.rows, 10_000)), "in", { timeColumn: "ts" });
        const noop = definePipeline({
          name: "noop",
          copy: { from: "temp:in", to: `${type}:out`, incremental: { cursor: "ts" } },
        });
        await noop.run(options);
        return { run: () => mean(5, () => noop.run(options)), close };
      },
    }),
  ),
  {
    name: "one read",
    group: "plan",
    base: true,
    quick: true,
    async prepare(context) {
      const { factory, close } = open(context, "read");
      await factory.createDataSaver("csv").saveData(testTable(context.rows), "in");
      return { run: () => factory.createDataSource("csv").getData("in"), close };
    },
  },
  {
    name: "plan of a table against as many rows",
    group: "plan",
    goals: [{ against: "one read", atMost: 3, headline: "`plan` of a table against as many rows, to one read" }],
    quick: true,
    async prepare(context) {
      const { factory, options, close } = open(context, "plan");
      const table = testTable(context.rows);
      await factory.createDataSaver("csv").saveData(table, "in");
      await factory.createDataSaver("csv").saveData(table, "out");
      const plan = definePipeline({
        name: "plan",
        copy: { from: "csv:in", to: "csv:out", mode: "upsert", key: ["ts", "symbol"] },
      });
      return { run: () => plan.plan(options), close };
    },
  },
];
