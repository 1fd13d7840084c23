// Makes so many backups of one name.
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { BackupStore } from "../../../src/backups/store.ts";
import { listeningLogger } from "../logger.ts";

const [root = "", times] = process.argv.slice(2);
const store = new BackupStore({
  root,
  storage: "csv",
  place: "csv:here",
  logger: listeningLogger(),
  lockTimeoutMs: 60_000,
});
for (let i = 0; i < Number(times); i++) {
  await store.create("prices.csv", {
    schema: { fields: [] },
    rows: i,
    write: (folder) => writeFile(join(folder, "data"), `process ${process.pid}, turn ${i}`),
  });
}
