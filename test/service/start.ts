import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { parseConfig } from "../../src/config/load.ts";
import { DataFactory } from "../../src/factory/data-factory.ts";
import type { Pipeline } from "../../src/pipelines/pipeline.ts";
import { serve } from "../../src/service/serve.ts";

const logger = { debug() {}, info() {}, warn() {}, error() {} };

/** A service over a folder with these files, on a port that is free. */
export async function startService(
  files: Record<string, string> = {},
  settings: Record<string, unknown> = {},
  pipelines: readonly Pipeline[] = [],
) {
  const folder = await mkdtemp(join(tmpdir(), "millrace-service-"));
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, "data", name)), { recursive: true });
    await writeFile(join(folder, "data", name), text);
  }
  const places = { FS_DATA: join(folder, "data"), FS_TEMP: join(folder, "temp"), DB_EMBEDDED: "always" };
  const config = parseConfig({ ...places, SERVICE_PORT: 0, ...settings });
  const factory = new DataFactory({ config, logger });
  const served = await serve({ factory, config, logger, pipelines });
  return {
    folder,
    factory,
    config,
    logger,
    url: served.url,
    get: (path: string, init?: RequestInit) => fetch(`${served.url}${path}`, init),
    async [Symbol.asyncDispose]() {
      await served[Symbol.asyncDispose]();
      await factory.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
