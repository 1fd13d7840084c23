/** A worker that a test kills: `node worker.ts <config as JSON>`. Says when it works. */
import { parseConfig } from "../../../src/config/load.ts";
import { DataFactory } from "../../../src/factory/data-factory.ts";
import { startWorker } from "../../../src/queue/worker.ts";
import { fanout } from "./pipelines.ts";

const config = parseConfig(JSON.parse(process.argv[2] ?? "{}"));
const line = (level: string) => (first: object | string, message?: string) => {
  if (process.env.WORKER_LOG) {
    const err = typeof first === "object" && "err" in first && first.err instanceof Error ? first.err.message : "";
    console.error(process.pid, level, typeof first === "string" ? first : `${message} ${err}`);
  }
};
const logger = { debug: line("debug"), info: line("info"), warn: line("warn"), error: line("error") };
const factory = new DataFactory({ config, logger });
const worker = await startWorker({ pipelines: [fanout], factory, concurrency: 4, port: 0 });
let asked = false;
process.on("SIGTERM", async () => {
  if (asked) return;
  asked = true;
  await worker.stop();
  await factory.close();
  process.disconnect?.();
});
process.send?.({ url: worker.url });
