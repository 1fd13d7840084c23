import { setTimeout as sleep } from "node:timers/promises";
import { Calculator } from "../../../src/calculation/calculator.ts";
import { frame } from "../../../src/frame/frame.ts";
import type { DataFrame } from "../../../src/frame/polars.ts";
import { definePipeline } from "../../../src/pipelines/define.ts";

/** As many sources as the environment says. */
export const count = Number(process.env.SOURCES ?? "30");
export const names = Array.from({ length: count }, (_, index) => `source_${index}`);

/** Rows that are known without a storage. */
export const numbers = {
  storageId: "numbers:",
  async getData(name: string): Promise<DataFrame> {
    await sleep(Number(process.env.SLOW_MS ?? "5"));
    if (name === process.env.POISON) process.kill(process.pid, "SIGKILL");
    const rows = Array.from({ length: 5 }, (_, row) => ({ source: name, row }));
    return frame(rows, { source: "string", row: "int64" });
  },
  listSources: async () => names,
  healthCheck: async () => true,
};

class Doubled extends Calculator {
  calculate(rows: DataFrame) {
    return rows;
  }
  override destination(source: string) {
    return `doubled_${source}`;
  }
}

/** Every source is added to a table of its own, so that a save which is done twice is seen; a function; a calculator. */
export const fanout = definePipeline({
  name: "fan-out",
  retries: { attempts: 4, delay: "100ms" },
  steps: [
    { name: "add", copy: { from: numbers, to: "postgres", mode: "append" } },
    async function items({ each, saver }) {
      await each(["a", "b"], async (item) => {
        await saver("postgres").saveData(frame([{ item }], { item: "string" }), "items", { mode: "append" });
      });
    },
    { name: "single", calculate: { calculator: Doubled, from: numbers, sources: names.slice(0, 3), to: "postgres" } },
  ],
});
