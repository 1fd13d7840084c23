/** A worker in a process of its own: `node worker.ts <config as JSON> <concurrency>`. */
import { parseConfig } from "../../src/config/load.ts";
import { DataFactory } from "../../src/factory/data-factory.ts";
import { startWorker } from "../../src/queue/worker.ts";
import { busy, empty } from "./pipelines.ts";

const logger = { debug() {}, info() {}, warn() {}, error() {} };
const factory = new DataFactory({ config: parseConfig(JSON.parse(process.argv[2] ?? "{}")), logger });
const worker = await startWorker({ pipelines: [empty, busy], factory, concurrency: Number(process.argv[3] ?? "1") });
process.send?.("ready");
process.once("disconnect", async () => {
  await worker.stop({ graceMs: 0 });
  await factory.close();
});
