import { homedir } from "node:os";
import { join, resolve, sep } from "node:path";
import { ConfigError } from "../errors.ts";
import { type Level, makeLevel, type Origin, type Problem, serverSettings } from "./level.ts";
import { hideSecrets, showable } from "./secrets.ts";
import { type Config, isSetting, type SettingName, settingMeta, settingNames, settings } from "./settings.ts";

/** A config with the place that each of its fields came from, or what is wrong with it. */
export type Resolved =
  | { readonly config: Config; readonly origins: ReadonlyMap<string, Origin> }
  | { readonly problems: readonly Problem[] };

const originsByConfig = new WeakMap<object, ReadonlyMap<string, Origin>>();

/** Where each field of a config came from. Empty for a config that was not made by millrace, such as a spread copy. */
export function originsOf(config: Config): ReadonlyMap<string, Origin> {
  return originsByConfig.get(config) ?? new Map();
}

/**
 * A whole config from settings given as an object: checked, with defaults, with absolute folders. Reads neither files nor the
 * environment.
 *
 * @throws ConfigError that names every wrong field.
 */
export function parseConfig(values: Readonly<Record<string, unknown>> = {}): Config {
  const resolved = resolveLevels([makeLevel("given", values, () => "the config given")]);
  if ("problems" in resolved) throw wrongSettings(resolved.problems);
  return resolved.config;
}

/**
 * One config from several levels, strongest first. The defaults of the table are the weakest.
 *
 * @param cwd what relative folders are taken from.
 */
export function resolveLevels(levels: readonly Level[], cwd = process.cwd()): Resolved {
  const values: Record<string, unknown> = {};
  const origins = new Map<string, Origin>();
  for (const level of levels) {
    for (const [field, { value, origin }] of level.values) {
      if (origins.has(field)) continue;
      values[field] = value;
      origins.set(field, origin);
    }
  }
  const origin = (field: string): Origin => origins.get(field) ?? defaultOrigin(field);
  const problems = levels.flatMap((level, rank) =>
    level.problems.filter(() => !levels.slice(0, rank + 1).some(({ values }) => values.has("DB_SERVER"))),
  );
  const checked = settings.safeParse(values);
  if (!checked.success) {
    for (const issue of checked.error.issues) {
      const field = String(issue.path[0]);
      problems.push({ field, origin: origin(field), message: `${issue.message}${got(field, values[field])}` });
    }
  }
  if (!checked.success || problems.length > 0) return { problems };
  const config = hideSecrets(complete(checked.data, isServerNamed(levels), cwd));
  const clashes = sharedFolders(config).map(({ field, message }) => ({ field, origin: origin(field), message }));
  if (clashes.length > 0) return { problems: clashes };
  for (const name of settingNames) origins.set(name, origin(name));
  originsByConfig.set(config, origins);
  return { config, origins };
}

/** Settings that only the fallback gives; NODE_ENV=production wants them said. A server's are not needed for an embedded one. */
export function missingSettings(config: Config): SettingName[] {
  const origins = originsOf(config);
  return settingNames.filter(
    (name) => origins.get(name)?.level === "fallback" && !(config.DB_EMBEDDED === "always" && name.startsWith("DB_")),
  );
}

/** The error that names every wrong and every missing setting at once. */
export function wrongSettings(problems: readonly Problem[], missing: readonly SettingName[] = []): ConfigError {
  const wrong = problems.map(({ field, origin, message }) => `  ${field}: ${message} (from ${origin.place})`);
  const parts: string[] = [];
  if (wrong.length > 0) parts.push(`Wrong settings:\n${wrong.join("\n")}`);
  if (missing.length > 0) parts.push(`NODE_ENV is production and these settings are missing: ${missing.join(", ")}.`);
  return new ConfigError(parts.join("\n"), {
    hint:
      missing.length > 0
        ? "Set them in the environment, in .env or in millrace.config, or accept the built-in ones with MILLRACE_FALLBACK=allow."
        : "Mend them there; docs/configuration.md lists every setting.",
  });
}

function isServerNamed(levels: readonly Level[]): boolean {
  return levels.some(({ values }) => serverSettings.some((name) => values.has(name)));
}

function defaultOrigin(field: string): Origin {
  return isSetting(field) && settingMeta(field).fallback
    ? { level: "fallback", place: "the built-in fallback" }
    : { level: "default", place: "the default" };
}

/** What stood there, so that it can be found; nothing for what may be secret. */
function got(field: string, value: unknown): string {
  const isPlain = ["string", "number", "boolean"].includes(typeof value);
  if (!isPlain || showable(field, value) !== value) return "";
  const text = JSON.stringify(value);
  return `, not ${text.length > 60 ? `${text.slice(0, 60)}…` : text}`;
}

/** Backups may stand in a bucket, which is no folder. */
function isBucket(path = ""): boolean {
  return path.startsWith("s3://");
}

/** Absolute folders, once and for all, and the defaults that other settings decide. */
function complete(config: Config, namesServer: boolean, cwd: string): Config {
  const absolute = (folder: string) => resolve(cwd, folder.replace(/^~(?=$|\/)/, homedir()));
  const whole: Config = { ...config, FS_BACKUP: config.FS_BACKUP ?? join(config.FS_DATA, "backups") };
  whole.FS_DATA = absolute(whole.FS_DATA);
  whole.FS_TEMP = absolute(whole.FS_TEMP);
  if (!isBucket(whole.FS_BACKUP)) whole.FS_BACKUP = absolute(whole.FS_BACKUP ?? "");
  whole.DB_EMBEDDED = config.DB_EMBEDDED ?? (namesServer ? "never" : "auto");
  return whole;
}

/** Folders that would take each other's files for their own. */
function sharedFolders({ FS_DATA, FS_TEMP, FS_BACKUP = "" }: Config): { field: SettingName; message: string }[] {
  const holdsData = (folder: string) => `${FS_DATA}${sep}`.startsWith(`${folder}${sep}`);
  const clashes: { field: SettingName; message: string }[] = [];
  if (holdsData(FS_BACKUP))
    clashes.push({ field: "FS_BACKUP", message: "a folder that is not FS_DATA or above it is needed" });
  if (holdsData(FS_TEMP))
    clashes.push({ field: "FS_TEMP", message: "a folder that is not FS_DATA or above it is needed" });
  if (FS_TEMP === FS_BACKUP) clashes.push({ field: "FS_TEMP", message: "a folder that is not FS_BACKUP is needed" });
  return clashes;
}
