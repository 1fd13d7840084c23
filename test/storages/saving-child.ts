/** Saves two frames in turn under one name until it is killed, and tells each one that it has saved. */
import { settings } from "../../src/config/settings.ts";
import { pl } from "../../src/frame/polars.ts";
import { CsvStorage } from "../../src/storages/csv/index.ts";
import { TempStorage } from "../../src/storages/temp/index.ts";

const [type, root, rows, times] = process.argv.slice(2);
const quiet = () => {};
const logger = { debug: quiet, info: quiet, warn: quiet, error: quiet };
const context = { config: settings.parse({ FS_DATA: `${root}/data`, FS_TEMP: `${root}/temp` }), logger };
const storage = type === "csv" ? new CsvStorage(context) : new TempStorage(context);

/** Frame 0 and frame 1 have the same texts in columns of other types. */
function frameOf(kind: number) {
  const values = Array.from({ length: Number(rows) }, (_, i) => i);
  return pl.DataFrame([
    pl.Series("id", values, kind === 0 ? pl.Int32 : pl.Int64),
    pl.Series(
      "v",
      values.map((i) => `${kind} ${i}`),
    ),
  ]);
}

for (let i = 0; i < Number(times); i += 1) {
  await storage.saver().saveData(frameOf(i % 2), "x", { timeColumn: undefined, key: i % 2 === 0 ? ["id"] : ["v"] });
  process.stdout.write(`${i}\n`);
}
