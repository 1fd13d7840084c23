import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseConfig } from "../../src/config/load.ts";
import type { Config } from "../../src/config/settings.ts";
import type { IHelpers } from "../../src/contracts/helpers.ts";
import type { Logger } from "../../src/contracts/logger.ts";
import type { IStorage } from "../../src/contracts/storage.ts";
import { DataFactory } from "../../src/factory/data-factory.ts";

/** All built-in storages in one folder, which goes with them. Their helpers are ended, too. */
export interface OpenedFactory extends AsyncDisposable {
  readonly factory: DataFactory;
  readonly config: Config;
  readonly folder: string;
  readonly lines: string[];
  storage(type: string): IStorage & Partial<IHelpers>;
}

export async function openFactory(more: Record<string, unknown> = {}): Promise<OpenedFactory> {
  const folder = await mkdtemp(join(tmpdir(), "millrace-all-"));
  const config = parseConfig({
    ...{ FS_DATA: join(folder, "data"), FS_TEMP: join(folder, "temp"), DB_EMBEDDED: "always", ...more },
  });
  const lines: string[] = [];
  const keep: Logger["info"] = (first: object | string, message?: string) => {
    lines.push(typeof first === "string" ? first : (message ?? ""));
  };
  const factory = new DataFactory({ config, logger: { debug: keep, info: keep, warn: keep, error: keep } });
  return {
    ...{ factory, config, folder, lines },
    storage(type) {
      const found = factory.storages.find((storage) => storage.type === type);
      if (!found) throw new Error(`There is no storage ${type}.`);
      return found;
    },
    async [Symbol.asyncDispose]() {
      await factory.close();
      for (const storage of factory.storages as (IStorage & Partial<IHelpers>)[]) {
        await storage.stopHelpers?.({ force: true });
      }
      await rm(folder, { recursive: true, force: true, maxRetries: 3 });
    },
  };
}
