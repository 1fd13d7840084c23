// Feeds hostile inputs to a storage, in a process of its own, so that a crash or a hang is seen as such. Arguments: what, type of
// the storage, folder, seed, first number, count. Prints the number of each input before it is fed, then what came of it.
import { writeSync } from "node:fs";
import { MillraceError } from "../../../src/errors.ts";
import { feeders } from "../feeders.ts";
import { Random } from "../random.ts";

const [what = "", type = "", folder = "", seed = "1", first = "0", count = "1"] = process.argv.slice(2);
const make = feeders[what as keyof typeof feeders];
const feeder = await make(type, folder);
const counts: Record<string, number> = {};
const wrong: string[] = [];

for (let number = Number(first); number < Number(first) + Number(count); number++) {
  writeSync(1, `${number}\n`);
  const random = new Random(Number(seed) * 1_000_003 + number);
  let came = "value";
  try {
    await feeder.feed(random);
  } catch (cause) {
    came = cause instanceof MillraceError ? cause.code : "wrong";
    if (came === "wrong")
      wrong.push(`input ${number}: ${String(cause instanceof Error ? cause.stack : cause).slice(0, 600)}`);
  }
  counts[came] = (counts[came] ?? 0) + 1;
}
await feeder.close?.();
writeSync(1, `${JSON.stringify({ counts, wrong })}\n`);
process.exit(0);
