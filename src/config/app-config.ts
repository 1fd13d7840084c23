import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { basename, dirname, extname, join, relative, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import type { LoadConfigOptions } from "c12";
import type { Logger } from "../contracts/logger.ts";
import { ConfigError } from "../errors.ts";
import { didYouMean } from "../system/nearest.ts";
import { type Level, type LevelName, makeLevel } from "./level.ts";
import { isLogger } from "./logger.ts";

/** What an app's config file says for one service. */
export interface AppConfig {
  readonly level: Level;
  /** The logger that the app's own `initLogger` gave. */
  readonly logger?: Logger;
}

/** How to read a config file. */
export interface AppConfigRequest {
  /** Path of the file; relative to `cwd`. */
  readonly path: string;
  readonly service: string;
  readonly cwd: string;
  /** NODE_ENV, which picks the overlay. */
  readonly environment: string | undefined;
  /** Where its values stand in the order. */
  readonly level: LevelName;
  /** What was given to `getConfigLogger`; `initLogger` gets it on top of the file's own values. */
  readonly given: Readonly<Record<string, unknown>>;
}

type Fields = Record<string, unknown>;
type Jiti = NonNullable<LoadConfigOptions["jiti"]>;

const endings = ["ts", "mts", "js", "mjs", "cjs", "json"];

/** Path of the app's own config file in a folder, if there is one. */
export function findAppConfig(folder: string): string | undefined {
  return endings.map((ending) => join(folder, `millrace.config.${ending}`)).find((path) => existsSync(path));
}

/**
 * Reads a config file for one service: its fields, then the overlay for NODE_ENV (`$production` …), then `services[name]`,
 * each winning over those before. Where the file exports `initLogger(name, config)`, that is asked, and what it gives takes their place.
 *
 * @throws ConfigError when the file is not there, can't be loaded or gives no settings; the cause is kept.
 */
export async function readAppConfig(request: AppConfigRequest): Promise<AppConfig> {
  const file = resolve(request.cwd, request.path);
  const shown = relative(request.cwd, file).startsWith("..") ? file : relative(request.cwd, file);
  if (!existsSync(file)) throw new ConfigError(`There is no config file ${shown}.`);
  try {
    return await load(file, shown, request);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new ConfigError(`The config file ${shown} is broken: ${reason}`, {
      cause,
      hint: `Mend ${shown}; docs/configuration.md shows its form.`,
    });
  }
}

async function load(file: string, shown: string, request: AppConfigRequest): Promise<AppConfig> {
  const { loadConfig } = await import("c12");
  const named: Fields = {};
  const options: LoadConfigOptions = {
    cwd: dirname(file),
    configFile: basename(file),
    configFileRequired: true,
    envName: request.environment || false,
    context: { service: request.service },
    jiti: importWithNode(named) as Jiti,
    merger: (...strongestFirst) => strongestFirst.map(asObject).toReversed().reduce(overlaid, {}),
    rcFile: false,
    packageJson: false,
    dotenv: false,
    extend: false,
    giget: false,
  };
  const { config: loaded } = await loadConfig(options);
  const { fields, place } = selectService(loaded, shown, request);
  const initLogger = named.initLogger ?? fields.initLogger;
  delete fields.initLogger;
  if (initLogger === undefined) {
    const level = makeLevel(request.level, fields, place);
    return { level: { ...level, warnings: [...level.warnings, ...mistypedService(loaded, shown, request)] } };
  }

  if (typeof initLogger !== "function") throw new ConfigError("its initLogger is no function");
  const result: unknown = await initLogger(request.service, { ...fields, ...request.given });
  const [config, logger] = Array.isArray(result) ? result : isFields(result) ? [result.config, result.logger] : [];
  if (!isFields(config) || !isLogger(logger)) {
    throw new ConfigError(
      "its initLogger must give { config, logger } or [config, logger], and a logger has debug, info, warn and error",
    );
  }
  return { level: makeLevel(request.level, config, () => `initLogger in ${shown}`), logger };
}

/** A warning for a service that has no section of its own while one with nearly its name has. */
function mistypedService(loaded: Fields, shown: string, { service }: AppConfigRequest): string[] {
  const sections = Object.keys(asFields(loaded.services));
  const meant = sections.includes(service) ? "" : didYouMean(service, sections);
  return meant === "" ? [] : [`${shown} has no services.${service}.${meant.replace(/\?$/, "")}`];
}

/** The fields for one service, and in words where each of them stands. */
function selectService(loaded: Fields, shown: string, { service, environment }: AppConfigRequest) {
  const overlay = { ...asFields(loaded[`$${environment}`]), ...asFields(asFields(loaded.$env)[environment ?? ""]) };
  const own = asFields(asFields(loaded.services)[service]);
  const fields: Fields = Object.fromEntries(
    Object.entries(loaded).filter(([name]) => name !== "services" && !name.startsWith("$")),
  );
  Object.assign(fields, own);
  const part = (field: string): string =>
    field in own ? ` (services.${service})` : field in overlay ? ` ($${environment})` : "";
  return { fields, place: (field: string) => `${shown}${part(field)}` };
}

/**
 * Node itself loads the file, types and all, and once, so that the app's own modules are not doubled. c12 would give the
 * default export only; `named` keeps the others, of which `initLogger` is one.
 */
function importWithNode(named: Fields): Pick<Jiti, "import"> {
  return {
    async import<T>(path: string): Promise<T> {
      if (extname(path) === ".json") return JSON.parse(await readFile(path, "utf8"));
      const module: Fields = await import(pathToFileURL(path).href);
      Object.assign(named, module);
      return ("default" in module ? module.default : { ...module }) as T;
    },
  };
}

function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Plain objects are merged, anything else of the stronger one takes the place of what stood there: lists, too. */
function overlaid(base: Fields, over: Fields): Fields {
  const merged = { ...base };
  for (const [name, value] of Object.entries(over)) {
    const below = merged[name];
    merged[name] = isPlain(value) && isPlain(below) ? overlaid(below, value) : value;
  }
  return merged;
}

function asObject(layer: unknown): Fields {
  if (layer == null || isFields(layer)) return layer ?? {};
  throw new ConfigError("it exports no object");
}

function isPlain(value: unknown): value is Fields {
  return isFields(value) && Object.getPrototypeOf(value) === Object.prototype;
}

function asFields(value: unknown): Fields {
  return isFields(value) ? value : {};
}
