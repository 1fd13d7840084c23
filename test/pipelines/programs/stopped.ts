/** Runs a pipeline whose second step never ends: `node stopped.ts <config as JSON>`. Tells when that step has begun. */
import { parseConfig } from "../../../src/config/load.ts";
import { DataFactory } from "../../../src/factory/data-factory.ts";
import { definePipeline } from "../../../src/pipelines/define.ts";

const config = parseConfig(JSON.parse(process.argv[2] ?? "{}"));
const logger = { debug() {}, info() {}, warn() {}, error() {} };
const factory = new DataFactory({ config, logger });

const pipeline = definePipeline({
  name: "stopped",
  steps: [
    { name: "first", copy: { from: "temp:slow", to: "csv:slow", mode: "append" } },
    {
      name: "wait",
      async run({ signal }) {
        process.send?.("waiting");
        await new Promise((_, reject) => {
          const timer = setTimeout(reject, 600_000);
          signal.addEventListener("abort", () => {
            clearTimeout(timer);
            reject(signal.reason);
          });
        });
      },
    },
  ],
});
await pipeline.run({ factory, show: "none" });
