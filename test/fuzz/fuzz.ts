import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { IHelpers } from "../../src/contracts/helpers.ts";
import type { IStorage } from "../../src/contracts/storage.ts";
import { open } from "../faults/programs/storages.ts";

/** What hostile inputs came to. */
export interface Fed {
  tries: number;
  /** How often each: `value`, or the code of an error. */
  counts: Record<string, number>;
  /** Crashes, hangs, untyped errors, broken rules; with the number of the input, which the seed makes again. */
  wrong: string[];
}

export interface FeedOptions {
  what: "csv" | "arrow" | "backup" | "names" | "configs";
  storage: string;
  count: number;
  seed: number;
}

/** An input that takes longer hangs. */
const hangMs = 60_000;

export async function feed({ what, storage, count, seed }: FeedOptions): Promise<Fed> {
  const folder = await mkdtemp(join(tmpdir(), "millrace-fuzz-"));
  const fed: Fed = { tries: count, counts: {}, wrong: [] };
  try {
    for (let first = 0; first < count; )
      first = await feedUntilItEnds([what, storage, folder, `${seed}`], first, count, fed);
  } finally {
    if (storage !== "") {
      for (const place of [folder, join(folder, "inside")]) {
        const opened = (await open(storage, place)) as IStorage & Partial<IHelpers>;
        await opened.stopHelpers?.({ force: true });
        await opened.close?.();
      }
    }
    await rm(folder, { recursive: true, force: true, maxRetries: 3 });
  }
  return fed;
}

/** Resolves with the number of the first input that was not fed yet: after the one that ended the process. */
async function feedUntilItEnds(args: string[], first: number, count: number, fed: Fed): Promise<number> {
  const program = join(import.meta.dirname, "programs/fuzz.ts");
  const child = spawn(process.execPath, [program, ...args, `${first}`, `${count - first}`], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  let stderr = "";
  let last = first - 1;
  let hung = false;
  let done = false;
  child.stderr.on("data", (chunk: Buffer) => {
    stderr = `${stderr}${chunk}`.slice(-2_000);
  });
  const hang = () => {
    hung = true;
    child.kill("SIGKILL");
  };
  let timer = setTimeout(hang, hangMs);
  createInterface({ input: child.stdout }).on("line", (line) => {
    clearTimeout(timer);
    timer = setTimeout(hang, hangMs);
    if (!line.startsWith("{")) {
      last = Number(line);
      return;
    }
    done = true;
    const { counts, wrong } = JSON.parse(line) as Pick<Fed, "counts" | "wrong">;
    for (const [came, times] of Object.entries(counts)) fed.counts[came] = (fed.counts[came] ?? 0) + times;
    fed.wrong.push(...wrong);
  });
  const [code, signal] = await once(child, "close");
  clearTimeout(timer);
  if (done) return count;
  const how = hung ? `did not end within ${hangMs} ms` : `ended the process (${signal ?? code})`;
  fed.wrong.push(`input ${last}: ${how} ${stderr}`);
  return Math.max(last, first) + 1;
}
