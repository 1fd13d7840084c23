// Makes a backup and stops for good in the middle: while its file is half written, or when all is written but not in place.
import { writeSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { BackupStore } from "../../../src/backups/store.ts";
import { listeningLogger } from "../logger.ts";

const [root = "", step] = process.argv.slice(2);
setInterval(() => {}, 1_000);

const store = new BackupStore({
  root,
  storage: "csv",
  place: "csv:here",
  logger: listeningLogger(),
  lockTimeoutMs: 60_000,
});
await store.create("prices.csv", {
  schema: { fields: [] },
  rows: 1,
  async write(folder) {
    await writeFile(join(folder, "data"), "half of");
    if (step === "begin") writeSync(1, "there\n");
    await new Promise(() => {});
  },
});
