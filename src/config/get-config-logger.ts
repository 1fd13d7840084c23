import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { parseEnv } from "node:util";
import type { Logger } from "../contracts/logger.ts";
import { ConfigError } from "../errors.ts";
import { type AppConfig, type AppConfigRequest, findAppConfig, readAppConfig } from "./app-config.ts";
import { type Level, makeLevel } from "./level.ts";
import { missingSettings, resolveLevels, wrongSettings } from "./load.ts";
import { createLogger, type LogLevel } from "./logger.ts";
import type { Config } from "./settings.ts";

/** What every component is made with. */
export interface ConfigLogger {
  /** Every setting with its value, with the user's own fields beside them. */
  config: Config;
  /** The app's own logger, or pino at LOG_LEVEL. */
  logger: Logger;
}

/** Where to look, for a caller that is not an ordinary service. */
export interface ConfigSurroundings {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** The level to log at when no setting says so. */
  readonly logLevel?: LogLevel;
}

/**
 * The config and the logger of one service, with the app's own config where there is one and the built-in fallback where not.
 *
 * Strongest first: `config`; the environment; `.env`; the app's `millrace.config.{ts,js,json}` with its overlay for NODE_ENV and
 * its `services[name]`; the fallback. A broken config file is told at once: with NODE_ENV=production by a ConfigError, else by a
 * warning, and the fallback takes its place. `MILLRACE_FALLBACK=allow` allows the fallback in production too.
 *
 * @param name the service; it stands in every log line.
 * @param config settings, or the path of a config file, which then is read instead of the app's own.
 * @throws ConfigError that names every wrong field and where it came from; in production, the missing ones too.
 *
 * @example
 * const { config, logger } = await getConfigLogger("my_service");
 */
export function getConfigLogger(
  name: string,
  config?: string | Readonly<Record<string, unknown>>,
): Promise<ConfigLogger> {
  return getConfigLoggerIn({}, name, config);
}

/** {@link getConfigLogger} for another folder, another environment, or with another level of logging. */
export async function getConfigLoggerIn(
  { cwd = process.cwd(), env = process.env, logLevel }: ConfigSurroundings,
  name: string,
  config?: string | Readonly<Record<string, unknown>>,
): Promise<ConfigLogger> {
  if (typeof name !== "string" || name === "") throw new ConfigError("getConfigLogger needs the name of the service.");
  const given = typeof config === "object" ? config : {};
  const outer = [
    makeLevel("given", given, () => "the config given"),
    makeLevel("environment", env, (field) => `environment variable ${field}`),
    makeLevel(".env", await readDotenv(cwd), (field) => `${field} in .env`),
  ];
  const path = typeof config === "string" ? config : findAppConfig(cwd);
  const level = typeof config === "string" ? "given" : "app";
  const isProduction = env.NODE_ENV === "production";
  const request: AppConfigRequest | undefined =
    path === undefined ? undefined : { path, service: name, cwd, environment: env.NODE_ENV, level, given };
  const { config: made, app, broken, levels } = await choose(outer, request, cwd, isProduction);

  const isFallback = !app && !levels.some(saysSomething);
  const usual = isFallback && !isProduction ? "debug" : "info";
  const logger =
    app?.logger ??
    (await createLogger({ service: name, level: made.LOG_LEVEL ?? logLevel ?? usual, format: made.LOG_FORMAT }));
  if (broken) {
    const message = `The app's config is broken, so the built-in fallback serves. ${broken.message}`;
    if (broken.cause) logger.warn({ err: broken.cause }, message);
    else logger.warn(message);
  } else if (isFallback) {
    logger.info(`No app config in ${cwd}: the built-in fallback serves, with logging at ${usual} level.`);
  }
  for (const warning of levels.flatMap((each) => each.warnings)) logger.warn(`Config: ${warning}.`);
  return { config: made, logger };
}

/** The config that serves, and how it came about. */
interface Chosen {
  readonly config: Config;
  readonly app?: AppConfig;
  /** Why the app's config file does not serve. */
  readonly broken?: ConfigError;
  readonly levels: readonly Level[];
}

/**
 * The config of all levels; where the app's file is broken, that of the other levels, if that is allowed. A file that was given by
 * its path has to be whole.
 */
async function choose(
  outer: readonly Level[],
  request: AppConfigRequest | undefined,
  cwd: string,
  isProduction: boolean,
): Promise<Chosen> {
  const fileless = resolveLevels(outer, cwd);
  const isAllowed = !isProduction || ("config" in fileless && fileless.config.MILLRACE_FALLBACK === "allow");
  const app = request && (await readAppConfig(request).catch(onlyConfigErrors));
  if (app instanceof ConfigError && (request?.level === "given" || !isAllowed)) throw app;

  const isRead = app !== undefined && !(app instanceof ConfigError);
  const levels = !isRead ? outer : request?.level === "given" ? [app.level, ...outer] : [...outer, app.level];
  const resolved = resolveLevels(levels, cwd);
  if ("config" in resolved) {
    const { config } = resolved;
    const missing = isProduction && config.MILLRACE_FALLBACK !== "allow" ? missingSettings(config) : [];
    if (missing.length > 0) throw wrongSettings([], missing);
    return { config, levels, ...(isRead ? { app } : { broken: app }) };
  }
  const wrong = wrongSettings(resolved.problems);
  if (!isRead || request?.level === "given" || !isAllowed || "problems" in fileless) throw wrong;
  return { config: fileless.config, levels: outer, broken: wrong };
}

function onlyConfigErrors(error: unknown): ConfigError {
  if (error instanceof ConfigError) return error;
  throw error;
}

/** Whether a level gives any setting besides those of logging itself and of the fallback. */
function saysSomething({ values }: Level): boolean {
  return [...values.keys()].some((field) => !/^(LOG_|MILLRACE_)/.test(field));
}

/** The settings in the `.env` file of a folder; none when there is no such file. The process's environment stays as it is. */
async function readDotenv(cwd: string): Promise<Record<string, string | undefined>> {
  const file = join(cwd, ".env");
  try {
    return parseEnv(await readFile(file, "utf8"));
  } catch (cause) {
    const code = cause instanceof Error && "code" in cause ? cause.code : undefined;
    if (code === "ENOENT" || code === "EISDIR") return {};
    throw new ConfigError(`${file} can't be read: ${cause instanceof Error ? cause.message : String(cause)}`, {
      cause,
    });
  }
}
