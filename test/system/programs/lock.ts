// hold: takes the lock, says so, and keeps it. count: adds to the number in a file, so many times, each under the lock.
// hog: the same, keeping the lock most of the time.
import { writeSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { withLock } from "../../../src/system/lock.ts";

const [mode, lock = "", file = "", times] = process.argv.slice(2);
const options = { timeoutMs: 60_000, what: "the number" };

if (mode === "hold") {
  setInterval(() => {}, 1_000);
  await withLock(
    lock,
    async () => {
      writeSync(1, "held\n");
      await new Promise(() => {});
    },
    options,
  );
} else {
  for (let i = 0; i < Number(times); i++) {
    await withLock(
      lock,
      async () => {
        const number = Number(await readFile(file, "utf8"));
        await writeFile(file, String(number + 1));
        if (mode === "hog") await sleep(5);
      },
      options,
    );
    if (i === 0) writeSync(1, "begun\n");
  }
  writeSync(1, "done\n");
}
