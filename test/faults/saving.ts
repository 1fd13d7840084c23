import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { IStorage } from "../../src/contracts/storage.ts";
import { heightOf } from "../../src/frame/access.ts";
import { compareFrames } from "../../src/frame/compare.ts";
import { prices } from "../../src/testing/samples.ts";
import type { StorageType } from "./kills.ts";
import { leftovers } from "./leftovers.ts";
import type { HowSaved } from "./programs/how.ts";
import { open } from "./programs/storages.ts";

/** What a fault came to. Tries of 0: this machine can't bring it about. */
export interface Faulted {
  tries: number;
  failures: string[];
  found: string;
}

/** Of the frames that are saved; that of seed s has s rows more. */
export const rows = 300;
const program = join(import.meta.dirname, "programs/save.ts");

/** What came of each save of the program, under limits of the shell such as `ulimit -n 30`, and with what `how` says. */
export async function saves(
  type: StorageType,
  folder: string,
  more: { first: number; count?: number; rows?: number; limit?: string; how?: HowSaved },
) {
  const { first, count = 1, limit = "true" } = more;
  const args = [
    program,
    type,
    folder,
    `${first}`,
    `${count}`,
    `${more.rows ?? rows}`,
    JSON.stringify(more.how ?? {}),
  ].map((arg) => `'${arg}'`);
  const child = spawn("/bin/sh", ["-c", `${limit}; exec '${process.execPath}' ${args.join(" ")}`], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  const outcomes: string[] = [];
  let stderr = "";
  child.stderr.on("data", (chunk: Buffer) => {
    stderr = `${stderr}${chunk}`.slice(-500);
  });
  createInterface({ input: child.stdout }).on("line", (line) => outcomes.push(line.replace(/^\d+ /, "")));
  const [code, signal] = await once(child, "close");
  return { outcomes, stderr, code: signal ?? code };
}

export async function inStorage<T>(
  type: StorageType,
  path: string,
  work: (storage: IStorage) => Promise<T>,
): Promise<T> {
  const storage = await open(type, path);
  try {
    return await work(storage);
  } finally {
    await storage.close?.();
  }
}

/** The seed of the frame that stands there, whole. */
export async function standing(storage: IStorage, size = rows): Promise<number> {
  const found = await storage.source?.().getData("x");
  assert(found);
  const seed = heightOf(found) - size;
  const anyOrder = !storage.capabilities.keepsRowOrder;
  assert.equal(await compareFrames(found, prices(size + seed, seed), { anyOrder }), null, "a mixture stands there");
  return seed;
}

export function count(outcomes: readonly string[]): string {
  const groups = Object.entries(Object.groupBy(outcomes, (outcome) => outcome));
  return groups.map(([outcome, all = []]) => `${all.length} ${outcome}`).join(", ");
}

/** What stands there is whole, and it can be saved to; nothing is left behind. */
export async function usableAgain(storage: IStorage, folder: string, large: number): Promise<void> {
  const found = await storage.source?.().getData("x");
  await standing(storage, found && heightOf(found) > large ? large : rows);
  await storage.saver?.().saveData(prices(rows + 1, 1), "x", { key: ["id"] });
  assert.deepEqual(await leftovers(folder), []);
}

export async function stopHelpers(type: StorageType, path: string): Promise<void> {
  const storage = await open(type, path);
  if ("stopHelpers" in storage && typeof storage.stopHelpers === "function") await storage.stopHelpers({ force: true });
  await storage.close?.();
}
