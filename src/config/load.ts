import { join, resolve } from "node:path";
import type { z } from "zod";
import { ConfigError } from "../errors.ts";
import { type Level, merge, withDatabaseSettings } from "./levels.ts";
import { hideSecrets } from "./secrets.ts";
import { type Config, settings } from "./settings.ts";

/** The name of the weakest level: the defaults in the table of settings. */
export const fallbackOrigin = "fallback";

const origins = new WeakMap<Config, ReadonlyMap<string, string>>();

/** Where each setting of a config came from. Empty for a config that was not made here. */
export function originsOf(config: Config): ReadonlyMap<string, string> {
  return origins.get(config) ?? new Map();
}

/**
 * Checks settings given as an object and fills in the defaults. Relative folders are taken from the working directory.
 *
 * @throws ConfigError that names every wrong field.
 */
export function parseConfig(values: Readonly<Record<string, unknown>> = {}): Config {
  return resolveLevels([{ origin: "the config given", values }]);
}

/**
 * One config from several levels, strongest first.
 *
 * @throws ConfigError that names every wrong field and the level that it came from.
 */
export function resolveLevels(levels: readonly Level[]): Config {
  const strongestFirst = levels.map(withDatabaseSettings);
  const values = merge(strongestFirst.map((level) => level.values));
  const from = (name: string) => strongestFirst.find(({ values }) => (values[name] ?? undefined) !== undefined)?.origin;
  const checked = settings.safeParse(values);
  const wrong = checked.success ? [] : checked.error.issues.map((issue) => describe(issue, from));
  if ("DATABASE_URL" in values) {
    wrong.push(`DATABASE_URL: expected postgres://user:password@host:port/name (from ${from("DATABASE_URL")})`);
  }
  if (!checked.success || wrong.length > 0) {
    throw new ConfigError(`Wrong settings:\n  ${wrong.join("\n  ")}`, {
      hint: "docs/configuration.md lists every setting.",
    });
  }
  const config = hideSecrets(complete(checked.data, from));
  origins.set(config, new Map(Object.keys(config).map((name) => [name, from(name) ?? fallbackOrigin])));
  return config;
}

/** Names of required settings that only the fallback gives; production wants them said. */
export function missingSettings(config: Config): string[] {
  const database = config.DB_EMBEDDED === "always" ? [] : ["DB_SERVER", "DB_NAME", "DB_USER", "DB_PASSWORD"];
  const needed = [...database, "FS_DATA", "FS_TEMP", "ARCTIC_HOST", "ARCTIC_LIBRARY"];
  return needed.filter((name) => originsOf(config).get(name) === fallbackOrigin);
}

/** Absolute folders, and the defaults that depend on other settings. */
function complete(config: Config, from: (name: string) => string | undefined): Config {
  const data = resolve(config.FS_DATA);
  const isServerNamed = from("DB_SERVER") !== undefined || from("DB_PORT") !== undefined;
  return {
    ...config,
    FS_DATA: data,
    FS_TEMP: resolve(config.FS_TEMP),
    FS_BACKUP: config.FS_BACKUP === undefined ? join(data, "backups") : resolve(config.FS_BACKUP),
    DB_EMBEDDED: config.DB_EMBEDDED ?? (isServerNamed ? "never" : "auto"),
  };
}

/** The message never holds the value: it could be a secret. */
function describe(issue: z.core.$ZodIssue, from: (name: string) => string | undefined): string {
  const name = String(issue.path[0] ?? "config");
  return `${name}: ${issue.message.replace(/^Invalid input: /, "")} (from ${from(name) ?? fallbackOrigin})`;
}
