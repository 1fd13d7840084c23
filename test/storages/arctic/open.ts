import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseConfig } from "../../../src/config/load.ts";
import type { Config } from "../../../src/config/settings.ts";
import type { Logger } from "../../../src/contracts/logger.ts";
import { ArcticStorage } from "../../../src/storages/arctic/index.ts";

export const silent: Logger = { debug() {}, info() {}, warn() {}, error() {} };

/** An arctic storage on a folder of its own, which goes with it. Its worker is ended, too. */
export interface OpenedArctic extends AsyncDisposable {
  readonly storage: ArcticStorage;
  readonly config: Config;
  readonly folder: string;
}

export async function openArctic(
  settings: Record<string, unknown> = {},
  logger: Logger = silent,
): Promise<OpenedArctic> {
  const folder = await mkdtemp(join(tmpdir(), "millrace-arctic-"));
  const config = parseConfig({ FS_DATA: join(folder, "data"), FS_TEMP: join(folder, "temp"), ...settings });
  const storage = new ArcticStorage({ config, logger });
  return {
    storage,
    config,
    folder,
    async [Symbol.asyncDispose]() {
      await storage.close();
      await storage.stopHelpers({ force: true });
      await rm(folder, { recursive: true, force: true, maxRetries: 3 });
    },
  };
}
