// Saves frames of prices one after the other and tells what came of each: saved, or the code of the error. Arguments: type and
// folder of the storage, the first seed, how many, rows, `HowSaved` as JSON; the frame of seed s has s rows more.
import { writeSync } from "node:fs";
import { MillraceError } from "../../../src/errors.ts";
import { prices } from "../../../src/testing/samples.ts";
import { type HowSaved, suffer } from "./how.ts";
import { open } from "./storages.ts";

const [type, folder, first = "1", count = "1", rows = "300", told = "{}"] = process.argv.slice(2);
const how = JSON.parse(told) as HowSaved;
await suffer(how);
const storage = await open(type, folder);
if (how.uid !== undefined) becomeUser(how.uid);
for (let seed = Number(first); seed < Number(first) + Number(count); seed++) {
  const save = async () => {
    const data = prices(Number(rows) + seed, seed);
    await storage.saver?.()[how.backup ? "saveWithBackup" : "saveData"](data, "x", { key: ["id"] });
  };
  const outcome = await save().then(
    () => "saved",
    (cause: unknown) => (cause instanceof MillraceError ? cause.code : `wrong: ${String(cause)}`),
  );
  writeSync(1, `${seed} ${outcome}\n`);
}
await storage.close?.();
process.exit(0);

function becomeUser(id: number): void {
  process.setgroups?.([]);
  process.setgid?.(id);
  process.setuid?.(id);
}
