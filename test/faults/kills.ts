import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { IHelpers } from "../../src/contracts/helpers.ts";
import type { IStorage } from "../../src/contracts/storage.ts";
import { type CrashOptions, type CrashReport, killSaves } from "../../src/testing/index.ts";
import { leftovers } from "./leftovers.ts";
import { open } from "./programs/storages.ts";

export const storageTypes = ["csv", "temp", "postgres", "arctic"] as const;
export type StorageType = (typeof storageTypes)[number];

/** A folder of one storage, whose helpers end with it. */
export async function storageFolder(type: StorageType): Promise<AsyncDisposable & { path: string }> {
  const path = await mkdtemp(join(tmpdir(), `millrace-${type}-`));
  return {
    path,
    async [Symbol.asyncDispose]() {
      const storage = (await open(type, path)) as IStorage & Partial<IHelpers>;
      await storage.stopHelpers?.({ force: true });
      await storage.close?.();
      await rm(path, { recursive: true, force: true, maxRetries: 3 });
    },
  };
}

/** Kills so many processes that save into a storage. */
export async function killSavesOf(
  type: StorageType,
  kills: number,
  more: Partial<CrashOptions> = {},
): Promise<CrashReport> {
  await using folder = await storageFolder(type);
  return await killSaves({
    module: new URL("programs/storages.ts", import.meta.url),
    args: [type, folder.path],
    kills,
    leftovers: () => leftovers(folder.path),
    ...more,
  });
}
