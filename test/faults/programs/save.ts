// Saves frames of prices one after the other and tells what came of each: saved, or the code of the error. Arguments: type and
// folder of the storage, the first seed, how many, rows; the frame of seed s has s rows more.
import { writeSync } from "node:fs";
import { MillraceError } from "../../../src/errors.ts";
import { prices } from "../../../src/testing/samples.ts";
import { open } from "./storages.ts";

const [type, folder, first = "1", count = "1", rows = "300"] = process.argv.slice(2);
const storage = await open(type, folder);
for (let seed = Number(first); seed < Number(first) + Number(count); seed++) {
  const save = async () => storage.saver?.().saveData(prices(Number(rows) + seed, seed), "x", { key: ["id"] });
  const outcome = await save().then(
    () => "saved",
    (cause: unknown) => (cause instanceof MillraceError ? cause.code : `wrong: ${String(cause)}`),
  );
  writeSync(1, `${seed} ${outcome}\n`);
}
await storage.close?.();
process.exit(0);
