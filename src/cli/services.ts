import { stat } from "node:fs/promises";
import { basename, join, relative, resolve } from "node:path";
import { findAppConfig } from "../config/app-config.ts";
import { getConfigLoggerIn } from "../config/get-config-logger.ts";
import type { Config } from "../config/settings.ts";
import type { Logger } from "../contracts/logger.ts";
import { ConfigError, NotFoundError } from "../errors.ts";
import { DataFactory } from "../factory/data-factory.ts";
import type { Pipeline } from "../pipelines/pipeline.ts";
import { nearestPath } from "./nearest-path.ts";
import type { GlobalOptions } from "./options.ts";
import { filesOfPipelines, pipelinesIn } from "./pipeline-files.ts";
import { logLevelOf } from "./session.ts";

/** One service of a folder of services. */
export interface FolderService {
  readonly name: string;
  readonly config: Config;
  readonly logger: Logger;
  readonly factory: DataFactory;
  readonly pipelines: readonly Pipeline[];
}

/** Those of the paths that are folders. @throws NotFoundError for one that is not there. */
export async function foldersOf(paths: readonly string[]): Promise<string[]> {
  const found = await Promise.all(
    paths.map(async (path) => {
      const known = await stat(path).catch(() => null);
      if (known) return known.isDirectory();
      throw new NotFoundError(`There is no file or folder ${path}.${nearestPath(path)}`, {
        code: "PIPELINE_NOT_FOUND",
      });
    }),
  );
  return paths.filter((_, i) => found[i]);
}

/**
 * The service that lies in a folder: its name is the folder's, its pipelines are those in `pipelines/`. Its settings are those of a config file of its
 * own, or of the working directory's with its `services` section.
 */
export async function serviceIn(folder: string, options: GlobalOptions): Promise<FolderService> {
  const name = basename(resolve(folder));
  const cwd = findAppConfig(folder) ? resolve(folder) : process.cwd();
  const { config, logger } = await getConfigLoggerIn({ cwd, logLevel: "warn" }, name, logLevelOf(options));
  const files = filesOfPipelines(folder);
  if (files.length === 0) {
    throw new ConfigError(`${relative(process.cwd(), folder) || "."} has no pipelines.`, {
      hint: `Put them in ${join(folder, "pipelines")}, or write a service: \`millrace init --in ${folder}\`.`,
    });
  }
  const pipelines = await Promise.all(files.map((file) => pipelinesIn(join(folder, "pipelines", file))));
  return { name, config, logger, factory: new DataFactory({ config, logger }), pipelines: pipelines.flat() };
}
