/** Puts jobs of another pipeline into the queue, in a process of its own whose memory is not the worker's: `node fill.ts <config as JSON> <count>`. */
import { parseConfig } from "../../src/config/load.ts";
import { openPlace } from "../../src/queue/place.ts";

const logger = { debug() {}, info() {}, warn() {}, error() {} };
await using place = await openPlace(parseConfig(JSON.parse(process.argv[2] ?? "{}")), logger);
const queue = await place.queue({ queue: "default", pipeline: "others", version: "1", kind: "sources" });
const data = Array.from({ length: 10_000 }, (_, index) => ({ data: { source: `source ${index}` } }));
for (let left = Number(process.argv[3] ?? "0"); left > 0; left -= data.length) await place.boss.insert(queue, data);
await place.sql("ANALYZE");
process.disconnect?.();
