import { Calculator } from "../../src/calculation/calculator.ts";
import { frame } from "../../src/frame/frame.ts";
import type { DataFrame } from "../../src/frame/polars.ts";
import { definePipeline } from "../../src/pipelines/define.ts";

const one = frame([{ id: 1n }], { id: "int64" });
/** Resolved when the run's only source is read. */
export const seen: { read: () => void } = { read: () => {} };

function nowhere(storageId: string, count: number) {
  const names = Array.from({ length: count }, (_, index) => `source ${index}`);
  return {
    storageId,
    getData: async () => {
      seen.read();
      return one;
    },
    listSources: async () => names,
    saveData: async () => true,
    saveWithBackup: async () => true,
    healthCheck: async () => true,
  };
}

/** A function's own jobs: nothing is read and nothing saved. */
class Nothing extends Calculator {
  calculate() {
    return null;
  }
  override destination(source: string) {
    return source;
  }
}

/** Single-threaded JavaScript for that many milliseconds. */
class Busy extends Calculator {
  calculate(rows: DataFrame) {
    const until = performance.now() + 60;
    while (performance.now() < until);
    return rows;
  }
  override destination(source: string) {
    return source;
  }
}

export const empty = definePipeline({
  name: "empty",
  calculate: { calculator: Nothing, from: nowhere("from", 10_000), to: nowhere("to", 0) },
});
export const busy = definePipeline({
  name: "busy",
  calculate: { calculator: Busy, from: nowhere("from", 64), to: nowhere("to", 0) },
});
export const latency = definePipeline({
  name: "latency",
  copy: { from: nowhere("from", 1), to: nowhere("to", 0) },
});
