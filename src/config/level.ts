import { readDatabaseUrl, tlsOf } from "./database-url.ts";
import { isSetting, type SettingName, settingMeta, settingNames } from "./settings.ts";

/** Where settings can come from, strongest first. `default` is a table default outside the fallback. */
export type LevelName = "given" | "environment" | ".env" | "app" | "fallback" | "default";

/** Where one setting's value came from. */
export interface Origin {
  /** Which of the places counted. */
  readonly level: LevelName;
  /** In words, for a message: `environment variable PGHOST`, `millrace.config.ts ($production)`. */
  readonly place: string;
}

/** A wrong field, and the place it came from. */
export interface Problem {
  readonly field: string;
  readonly origin: Origin;
  readonly message: string;
}

/** The values that one place gives, with aliases and DATABASE_URL already turned into settings. */
export interface Level {
  readonly name: LevelName;
  readonly values: ReadonlyMap<string, { readonly value: unknown; readonly origin: Origin }>;
  readonly problems: readonly Problem[];
  readonly warnings: readonly string[];
}

/**
 * Makes a level of raw fields. Within it a setting's own name beats DATABASE_URL, and that beats PG*.
 * A setting that is `undefined` or `null` has no value; in an environment so has an empty one, unless the setting may be empty.
 *
 * @param place says where a field came from.
 */
export function makeLevel(
  name: LevelName,
  raw: Readonly<Record<string, unknown>>,
  place: (field: string) => string,
): Level {
  const values = new Map<string, { value: unknown; origin: Origin }>();
  const problems: Problem[] = [];
  const warnings: string[] = [];
  const isEnvironment = name === "environment" || name === ".env";
  const isGiven = (field: string, mayBeEmpty?: boolean): boolean =>
    Object.hasOwn(raw, field) && raw[field] != null && !(isEnvironment && raw[field] === "" && !mayBeEmpty);

  for (const field of isEnvironment ? settingNames : Object.keys(raw)) {
    const wanted = isSetting(field) ? isGiven(field, settingMeta(field).mayBeEmpty) : raw[field] !== undefined;
    if (wanted) values.set(field, { value: raw[field], origin: { level: name, place: place(field) } });
  }

  const url = values.get("DATABASE_URL");
  if (typeof url?.value === "string") {
    const read = readDatabaseUrl(url.value);
    if ("problem" in read) problems.push({ field: "DATABASE_URL", origin: url.origin, message: read.problem });
    else {
      const { place } = url.origin;
      const origin = { level: name, place: place.includes("DATABASE_URL") ? place : `DATABASE_URL in ${place}` };
      for (const [field, value] of Object.entries(read.values)) {
        if (!values.has(field)) values.set(field, { value, origin });
      }
      for (const parameter of read.unused) warnings.push(`the parameter ${parameter} of DATABASE_URL is not used`);
    }
  }

  for (const field of settingNames) {
    const alias = settingMeta(field).aliases?.find((candidate) => isGiven(candidate));
    if (alias === undefined || values.has(field)) continue;
    const value = raw[alias];
    values.set(field, {
      value: field === "DB_TLS" && typeof value === "string" ? tlsOf(value) : value,
      origin: { level: name, place: place(alias) },
    });
  }

  if (!isEnvironment) warnings.push(...unknownSettings(raw, place));
  return { name, values, problems, warnings };
}

/** The settings that name a PostgreSQL server, so that the embedded one is not wanted by default. */
export const serverSettings = ["DB_SERVER", "DB_PORT"] as const satisfies readonly SettingName[];

const aliases = new Set(settingNames.flatMap((field) => settingMeta(field).aliases ?? []));

function unknownSettings(raw: Readonly<Record<string, unknown>>, place: (field: string) => string): string[] {
  return Object.keys(raw)
    .filter((field) => /^(DB|FS|ARCTIC)_/.test(field) && !isSetting(field) && !aliases.has(field))
    .map((field) => `${field} (${place(field)}) is not a setting of millrace and passes through unread`);
}
