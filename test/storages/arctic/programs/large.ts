// Saves a frame of about 100 MB, reads it whole and in batches, and prints what is left of exchange files. Argument: settings as JSON.
import { readdirSync } from "node:fs";
import { parseConfig } from "../../../../src/config/load.ts";
import { compareFrames } from "../../../../src/frame/compare.ts";
import { frame } from "../../../../src/frame/frame.ts";
import { ArcticStorage } from "../../../../src/storages/arctic/index.ts";

const config = parseConfig(JSON.parse(process.argv[2] ?? "{}"));
const quiet = () => {};
const storage = new ArcticStorage({ config, logger: { debug: quiet, info: quiet, warn: quiet, error: quiet } });
const values = Float64Array.from({ length: 3_000_000 }, (_, row) => Math.sin(row));
const data = frame({ a: values, b: values, c: values, d: values });
await storage.saver().saveData(data, "large");
const difference = await compareFrames(await storage.source().getData("large"), data);
let rows = 0;
for await (const batch of storage.source().getBatches("large", { batchRows: 1_000_000 })) rows += batch.height;
await storage.stopHelpers({ force: true });
await storage.close();
process.on("exit", () => {
  const left = readdirSync("/dev/shm", { recursive: true }).filter(
    (name) => String(name).startsWith(`millrace-`) && String(name).endsWith(".arrow"),
  );
  console.log(JSON.stringify({ difference, rows, left }));
});
