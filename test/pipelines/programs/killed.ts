/** Runs a pipeline in a process that a test kills: `node killed.ts <config as JSON> <type of the storage>`. Tells each event. */
import { parseConfig } from "../../../src/config/load.ts";
import { DataFactory } from "../../../src/factory/data-factory.ts";
import { frame } from "../../../src/frame/frame.ts";
import { definePipeline } from "../../../src/pipelines/define.ts";

const [given = "{}", type = "csv"] = process.argv.slice(2);
const config = parseConfig(JSON.parse(given));
const quiet = { debug() {}, info() {}, warn() {}, error() {} };
const factory = new DataFactory({ config, logger: quiet });

const items = Array.from({ length: 8 }, (_, index) => `item ${index}`);
const pipeline = definePipeline({
  name: "killed",
  onInterrupted: "resume",
  concurrency: 3,
  steps: [
    async function add({ each, saver }) {
      await each(items, async (item) => {
        const rows = frame(
          Array.from({ length: 5 }, (_, row) => ({ item, row })),
          { item: "string", row: "int64" },
        );
        await saver(type).saveData(rows, "added", { mode: "append" });
      });
    },
    {
      name: "grow",
      copy: { from: "temp:growing", to: `${type}:grown`, incremental: { cursor: "ts" }, timeColumn: "ts" },
    },
    { name: "whole", copy: { from: "temp:growing", to: `${type}:whole`, mode: "upsert", key: ["id"] } },
  ],
});

await pipeline.run({ factory, show: "none", onEvent: ({ type: what }) => void process.send?.(what) });
await factory.close();
process.disconnect?.();
