/** What a connection URL says, as settings; or what is wrong with it, without any part of it. */
export type DatabaseUrl =
  | { readonly values: Record<string, string>; readonly unused: readonly string[] }
  | { readonly problem: string };

const form = "expected postgres://user:password@host:port/database";

/** Takes a `postgres://` URL apart. Parameters other than `host`, `port`, `sslmode` and `schema` are reported as unused. */
export function readDatabaseUrl(url: string): DatabaseUrl {
  if (!/^postgres(ql)?:\/\//i.test(url)) return { problem: form };
  const values: Record<string, string> = {};
  const unused: string[] = [];
  const put = (name: string, value: string): void => {
    if (value !== "") values[name] = value;
  };
  try {
    const { hostname, port, username, password, pathname, searchParams, hash } = new URL(url);
    if (hash !== "") return { problem: "a # in it must be written %23" };
    put("DB_SERVER", decodeURIComponent(hostname.replace(/^\[(.*)\]$/, "$1")));
    put("DB_PORT", port);
    put("DB_USER", decodeURIComponent(username));
    put("DB_PASSWORD", decodeURIComponent(password));
    put("DB_NAME", decodeURIComponent(pathname.slice(1)));
    for (const [name, value] of searchParams) {
      const setting = { host: "DB_SERVER", port: "DB_PORT", sslmode: "DB_TLS", schema: "DB_SCHEMA" }[name];
      if (setting === undefined) unused.push(name);
      else put(setting, setting === "DB_TLS" ? tlsOf(value) : value);
    }
  } catch {
    return { problem: `${form}, with special characters percent-encoded` };
  }
  return { values, unused };
}

/** DB_TLS for PostgreSQL's own `sslmode`; a word that it does not know stays, for the check to report. */
export function tlsOf(sslmode: string): string {
  const modes: Record<string, string> = {
    disable: "off",
    allow: "off",
    prefer: "off",
    require: "require",
    "verify-ca": "verify",
    "verify-full": "verify",
  };
  return modes[sslmode] ?? sslmode;
}
