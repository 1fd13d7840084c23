import fs from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { setTimeout as sleep } from "node:timers/promises";

/** What befalls a process that saves. */
export interface HowSaved {
  /** Each write, sync and rename of its files takes so many milliseconds more. */
  slowMs?: number;
  /** Its clock goes wrong by so many milliseconds. */
  clockMs?: number;
  /** It becomes another user once its storage is open. */
  uid?: number;
  /** It saves with backup. */
  backup?: boolean;
}

/** Call it before a storage is imported. */
export async function suffer({ slowMs, clockMs }: HowSaved): Promise<void> {
  if (slowMs !== undefined) await slowDown(slowMs);
  if (clockMs !== undefined) shiftClock(clockMs);
}

async function slowDown(ms: number): Promise<void> {
  await using handle = await fs.promises.open(process.execPath);
  const slow = (owner: object, calls: readonly string[]) => {
    for (const call of calls) {
      const original = Reflect.get(owner, call) as (...given: unknown[]) => Promise<unknown>;
      Reflect.set(owner, call, async function slowed(this: unknown, ...given: unknown[]) {
        await sleep(ms);
        return Reflect.apply(original, this, given);
      });
    }
  };
  slow(Object.getPrototypeOf(handle), ["write", "writeFile", "sync", "datasync"]);
  slow(fs.promises, ["rename", "mkdir", "writeFile", "copyFile", "rm", "unlink"]);
  syncBuiltinESMExports();
}

function shiftClock(ms: number): void {
  const Right = Date;
  globalThis.Date = class extends Right {
    constructor(...given: []) {
      if (given.length === 0) super(Right.now() + ms);
      else super(...given);
    }

    static override now(): number {
      return Right.now() + ms;
    }
  } as DateConstructor;
}
