import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { basename, dirname, extname, join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import type { LoadConfigOptions } from "c12";
import type { Logger } from "../contracts/logger.ts";
import { ConfigError } from "../errors.ts";
import { isLogger } from "./logger.ts";

/** What an app's own config says for one service. */
export interface AppConfig {
  /** Path of the file. */
  readonly file: string;
  readonly values: Record<string, unknown>;
  /** The logger that the app's `initLogger` gave. */
  readonly logger?: Logger;
}

type Jiti = NonNullable<LoadConfigOptions["jiti"]>;

const fileNames = ["ts", "mts", "js", "mjs", "json"].map((ending) => `millrace.config.${ending}`);

/** Path of the config file in a folder, if there is one. */
export function findAppConfig(folder: string): string | undefined {
  return fileNames.map((name) => join(folder, name)).find((path) => existsSync(path));
}

/**
 * Reads an app's config file for one service: its fields, then the overlay for NODE_ENV (`$production` …), then
 * `services[name]`, then what its `initLogger(name, config)` gives, each winning over those before.
 *
 * @throws ConfigError when it can't be loaded or gives no settings.
 */
export async function readAppConfig(path: string, service: string): Promise<AppConfig> {
  const file = resolve(path);
  if (!existsSync(file)) throw new ConfigError(`There is no config file ${file}.`);
  try {
    return await load(file, service);
  } catch (cause) {
    if (cause instanceof ConfigError) throw cause;
    throw new ConfigError(`The config file ${file} could not be loaded: ${reason(cause)}`, { cause });
  }
}

async function load(file: string, service: string): Promise<AppConfig> {
  const { loadConfig } = await import("c12");
  const module: Record<string, unknown> = {};
  const loaded = await loadConfig({
    cwd: dirname(file),
    configFile: basename(file, extname(file)),
    configFileRequired: true,
    envName: process.env.NODE_ENV || false,
    jiti: importWithNode(module) as Jiti,
    omit$Keys: true,
    ...{ rcFile: false, globalRc: false, packageJson: false, dotenv: false, giget: false },
  });
  if (!isRecord(loaded.config)) throw new ConfigError(`The config file ${file} exports no object.`);
  const { services, initLogger: inConfig, ...shared } = loaded.config as Record<string, unknown>;
  const own = isRecord(services) && isRecord(services[service]) ? services[service] : {};
  const values = { ...shared, ...own };
  const initLogger = module.initLogger ?? inConfig;
  if (initLogger === undefined) return { file, values };
  if (typeof initLogger !== "function") throw new ConfigError(`initLogger in ${file} is no function.`);
  const given: unknown = await initLogger(service, values);
  const [config, logger] = Array.isArray(given) ? given : isRecord(given) ? [given.config, given.logger] : [];
  if (!isLogger(logger) || (config !== undefined && !isRecord(config))) {
    throw new ConfigError(`initLogger in ${file} must give { config, logger } or [config, logger].`, {
      hint: "A logger has the methods debug, info, warn and error.",
    });
  }
  return { file, values: { ...values, ...config }, logger };
}

/**
 * Node itself loads the file, types and all, once. c12 would give the default export only; `seen` keeps the named ones, of
 * which `initLogger` is one.
 */
function importWithNode(seen: Record<string, unknown>): Pick<Jiti, "import"> {
  return {
    async import<T>(path: string): Promise<T> {
      if (extname(path) === ".json") return JSON.parse(await readFile(path, "utf8"));
      const module: Record<string, unknown> = await import(pathToFileURL(path).href);
      Object.assign(seen, module);
      return (module.default ?? module) as T;
    },
  };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function reason(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
