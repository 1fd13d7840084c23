import type { Logger } from "../contracts/logger.ts";
import { ConfigError } from "../errors.ts";
import { type AppConfig, findAppConfig, readAppConfig } from "./app-config.ts";
import { environmentLevel, type Level } from "./levels.ts";
import { missingSettings, resolveLevels } from "./load.ts";
import { createLogger } from "./logger.ts";
import type { Config } from "./settings.ts";

/** What every component is made with. */
export interface ConfigLogger {
  config: Config;
  logger: Logger;
}

/**
 * The config and the logger of one service, with the app's own config where there is one and the built-in fallback where not.
 *
 * Strongest first: `config`; the environment; `.env`; the app's `millrace.config.{ts,js,json}` with its overlay for NODE_ENV and
 * its `services[name]`; the fallback. A config file that is broken is told at once: with NODE_ENV=production as a ConfigError,
 * else as a warning, and the fallback takes its place. `MILLRACE_FALLBACK=allow` allows the fallback in production too.
 *
 * @param name the service; it stands in every log line.
 * @param config settings, or the path of a config file that takes the place of the app's own.
 * @throws ConfigError that names every wrong field and where it came from.
 */
export async function getConfigLogger(
  name: string,
  config?: string | Readonly<Record<string, unknown>>,
): Promise<ConfigLogger> {
  const strict = process.env.NODE_ENV === "production" && process.env.MILLRACE_FALLBACK !== "allow";
  const app = await readApp(name, typeof config === "string" ? config : findAppConfig(process.cwd()));
  const given: Level[] = typeof config === "object" ? [{ origin: "the config given", values: config }] : [];
  const surroundings = [...given, environmentLevel("environment", process.env), await dotenvLevel()];
  const found = app instanceof ConfigError ? app : attempt([...surroundings, ...appLevel(app)]);
  if (!(found instanceof ConfigError)) {
    const missing = strict ? missingSettings(found) : [];
    if (missing.length > 0) {
      throw new ConfigError(`Settings are missing in production: ${missing.join(", ")}.`, {
        hint: "Set them, or allow the built-in ones with MILLRACE_FALLBACK=allow.",
      });
    }
    return withLogger(name, found, app instanceof ConfigError ? undefined : app, given.length > 0);
  }
  if (strict || app === undefined) throw found;
  const result = await withLogger(name, resolveLevels(surroundings), undefined, false);
  result.logger.warn({ err: found }, `The app's config is broken, so the built-in one serves. ${found.message}`);
  return result;
}

async function readApp(name: string, path: string | undefined): Promise<AppConfig | ConfigError | undefined> {
  if (path === undefined) return undefined;
  return readAppConfig(path, name).catch((error: unknown) => {
    if (error instanceof ConfigError) return error;
    throw error;
  });
}

function appLevel(app: AppConfig | undefined): Level[] {
  return app ? [{ origin: app.file, values: app.values }] : [];
}

function attempt(levels: Level[]): Config | ConfigError {
  try {
    return resolveLevels(levels);
  } catch (error) {
    if (error instanceof ConfigError) return error;
    throw error;
  }
}

async function dotenvLevel(): Promise<Level> {
  const { loadDotenv } = await import("c12");
  return environmentLevel(".env", await loadDotenv({ cwd: process.cwd(), env: {}, interpolate: true }));
}

async function withLogger(name: string, config: Config, app: AppConfig | undefined, isGiven: boolean) {
  if (app?.logger) return { config, logger: app.logger };
  const isFallback = app === undefined && !isGiven;
  const logger = await createLogger(name, config.LOG_LEVEL ?? (isFallback ? "debug" : "info"));
  if (isFallback) {
    logger.debug(`No millrace.config file in ${process.cwd()}: the environment and the built-in settings serve.`);
  }
  return { config, logger };
}
