/** Saves batch after batch over `prices` without an end: `node save-slowly.ts <settings as JSON>`. Says `saving` in the middle. */
import { setTimeout as sleep } from "node:timers/promises";
import { parseConfig } from "../../../../src/config/load.ts";
import { frame } from "../../../../src/frame/frame.ts";
import { PostgresStorage } from "../../../../src/storages/postgres/index.ts";

const silent = { debug() {}, info() {}, warn() {}, error() {} };
const storage = new PostgresStorage({ config: parseConfig(JSON.parse(process.argv[2] ?? "{}")), logger: silent });

async function* batches() {
  for (let number = 0; ; number++) {
    yield frame({ id: Array.from({ length: 5_000 }, (_, row) => number * 5_000 + row) }, { id: "int32" });
    if (number === 3) process.stdout.write("saving\n");
    await sleep(20);
  }
}

await storage.saver().saveBatches(batches(), "prices");
