/** Streams a CSV file into the temp storage, and tells the rows and the most memory that it held, in MB. */
import { settings } from "../../../../src/config/settings.ts";
import type { DataFrame } from "../../../../src/frame/polars.ts";
import { CsvStorage } from "../../../../src/storages/csv/index.ts";
import { TempStorage } from "../../../../src/storages/temp/index.ts";

const [root, name] = process.argv.slice(2) as [string, string];
const quiet = () => {};
const logger = { debug: quiet, info: quiet, warn: quiet, error: quiet };
const context = { config: settings.parse({ FS_DATA: `${root}/data`, FS_TEMP: `${root}/temp` }), logger };

let rows = 0;
async function* counted(batches: AsyncIterable<DataFrame>) {
  for await (const batch of batches) {
    rows += batch.height;
    yield batch;
  }
}

const batches = counted(new CsvStorage(context).source().getBatches(name));
await new TempStorage(context).saver().saveBatches(batches, "streamed");
console.log(JSON.stringify({ rows, peakMb: Math.round(process.resourceUsage().maxRSS / 1024) }));
