import "../system/node-version.ts";
import "../queue/register.ts";

import { getConfigLoggerIn } from "../config/get-config-logger.ts";
import type { Config } from "../config/settings.ts";
import type { Logger } from "../contracts/logger.ts";
import { DataFactory } from "../factory/data-factory.ts";
import type { GlobalOptions } from "./options.ts";

/** What a command works with. */
export interface Session {
  readonly config: Config;
  readonly factory: DataFactory;
  readonly logger: Logger;
}

/** Gives the work a factory for the project in the working directory, and closes it afterwards. Logs warnings only, unless told. */
export async function inSession<T>(
  options: GlobalOptions,
  work: (session: Session) => Promise<T>,
  logLevel: "warn" | "info" = "warn",
): Promise<T> {
  const { config, logger } = await getConfigLoggerIn({ logLevel }, options.service, logLevelOf(options));
  await using factory = new DataFactory({ config, logger });
  return await work({ config, factory, logger });
}

/** What `--verbose` and `--quiet` set, over all other settings. */
export function logLevelOf({ verbose, quiet }: GlobalOptions): { LOG_LEVEL: string } | undefined {
  if (verbose) return { LOG_LEVEL: "debug" };
  return quiet ? { LOG_LEVEL: "error" } : undefined;
}
