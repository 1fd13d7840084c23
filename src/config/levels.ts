import { settings } from "./settings.ts";

/** Settings that one place gave, before they are checked. */
export interface Level {
  /** Where they came from, in the words of an error message: `environment`, `.env`, a file's name. */
  readonly origin: string;
  readonly values: Readonly<Record<string, unknown>>;
}

/** PostgreSQL's own variables and the settings that they stand for. */
const pgVariables: Record<string, string> = {
  PGHOST: "DB_SERVER",
  PGPORT: "DB_PORT",
  PGDATABASE: "DB_NAME",
  PGUSER: "DB_USER",
  PGPASSWORD: "DB_PASSWORD",
};

const known = [...Object.keys(settings.shape), ...Object.keys(pgVariables), "DATABASE_URL"];

/** The settings among environment variables; an empty variable counts as not set. */
export function environmentLevel(origin: string, variables: Readonly<Record<string, string | undefined>>): Level {
  return { origin, values: Object.fromEntries(known.map((name) => [name, variables[name] || undefined])) };
}

/** The level with `DATABASE_URL` and `PG*` taken apart into `DB_*`. Within one level `DB_*` wins, then `DATABASE_URL`. */
export function withDatabaseSettings(level: Level): Level {
  const fromUrl = databaseUrl(level.values.DATABASE_URL);
  const fromPg = Object.fromEntries(Object.entries(pgVariables).map(([pg, name]) => [name, level.values[pg]]));
  const rest = Object.entries(level.values).filter(([name]) => name !== "DATABASE_URL" && !(name in pgVariables));
  return { origin: level.origin, values: merge([Object.fromEntries(rest), fromUrl, fromPg]) };
}

/** The first that is given wins, field by field. */
export function merge(strongestFirst: readonly Readonly<Record<string, unknown>>[]): Record<string, unknown> {
  const merged: Record<string, unknown> = {};
  for (const values of strongestFirst) {
    for (const [name, value] of Object.entries(values)) merged[name] ??= value ?? undefined;
  }
  return Object.fromEntries(Object.entries(merged).filter(([, value]) => value !== undefined));
}

/** What a URL such as `postgres://user:password@host:5432/name` says. One that can't be read is left for the check. */
function databaseUrl(value: unknown): Record<string, unknown> {
  if (value === undefined || value === null || value === "") return {};
  const url = typeof value === "string" && URL.canParse(value) ? new URL(value) : null;
  if (!url || !/^postgres(ql)?:$/.test(url.protocol)) return { DATABASE_URL: value };
  const part = (text: string) => (text === "" ? undefined : decodeURIComponent(text));
  return {
    DB_SERVER: url.searchParams.get("host") ?? part(url.hostname.replace(/^\[(.*)\]$/, "$1")),
    DB_PORT: part(url.port),
    DB_NAME: part(url.pathname.slice(1)),
    DB_USER: part(url.username),
    DB_PASSWORD: part(url.password),
  };
}
