/** Copies the table `large`, backs it up and restores it, and tells the most memory that the process held, in MB. */
import { parseConfig } from "../../../../src/config/load.ts";
import { PostgresStorage } from "../../../../src/storages/postgres/index.ts";

const quiet = () => {};
const logger = { debug: quiet, info: quiet, warn: quiet, error: quiet };
const storage = new PostgresStorage({ config: parseConfig(JSON.parse(process.argv[2] ?? "{}")), logger });
await storage.saver().saveBatches(storage.source().getBatches("large"), "copied");
const [, location] = await storage.backup().backupData("large");
await storage.backup().restoreData(location ?? "", "restored");
await storage.close();
console.log(JSON.stringify({ peakMb: Math.round(process.resourceUsage().maxRSS / 1024) }));
