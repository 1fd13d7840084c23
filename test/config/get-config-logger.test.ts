import { join } from "node:path";
import { expect, test } from "vitest";
import { originsOf } from "../../src/config/load.ts";
import { ConfigError } from "../../src/errors.ts";
import { appFolder, ownLogger } from "./app-folder.ts";

test("without any app config the built-in fallback serves", async () => {
  await using app = await appFolder();
  const { config } = await app.config();
  expect(config).toMatchObject({
    DB_SERVER: "localhost",
    DB_NAME: "my_project",
    DB_USER: "postgres",
    DB_PORT: 5432,
    FS_DATA: join(app.path, "data"),
    FS_TEMP: join(app.path, "temp"),
    FS_BACKUP: join(app.path, "data", "backups"),
    ARCTIC_HOST: "localhost",
    ARCTIC_LIBRARY: "my_project_data",
    DB_EMBEDDED: "auto",
  });
  expect(config.DB_PASSWORD).toBe("password");
});

test("each level wins over those below it, setting by setting", async () => {
  await using app = await appFolder({
    ".env": "DB_NAME=dotenv\nDB_USER=dotenv\nDB_SCHEMA=dotenv\n",
    "millrace.config.json": JSON.stringify({ DB_NAME: "app", DB_USER: "app", DB_SCHEMA: "app", ARCTIC_LIBRARY: "app" }),
  });
  const { config } = await app.config({ DB_NAME: "given" }, { DB_NAME: "environment", DB_USER: "environment" });
  expect(config).toMatchObject({
    DB_NAME: "given",
    DB_USER: "environment",
    DB_SCHEMA: "dotenv",
    ARCTIC_LIBRARY: "app",
    FS_DATA: join(app.path, "data"),
  });
  const origins = originsOf(config);
  const levels = ["DB_NAME", "DB_USER", "DB_SCHEMA", "ARCTIC_LIBRARY", "FS_DATA", "DB_POOL"].map(
    (name) => origins.get(name)?.level,
  );
  expect(levels).toEqual(["given", "environment", ".env", "app", "fallback", "default"]);
});

test("within one level DB_* wins over DATABASE_URL and that over PG*", async () => {
  await using app = await appFolder();
  const { config } = await app.config(undefined, {
    DB_NAME: "own",
    DATABASE_URL: "postgres://url_user:p%40ss@url.example/url?sslmode=verify-full",
    PGHOST: "pg.example",
    PGPORT: "6000",
    PGDATABASE: "pg",
  });
  expect(config).toMatchObject({
    DB_NAME: "own",
    DB_SERVER: "url.example",
    DB_USER: "url_user",
    DB_PASSWORD: "p@ss",
    DB_PORT: 6000,
    DB_TLS: "verify",
    DB_EMBEDDED: "never",
  });
});

test("a stronger level's DATABASE_URL wins over a weaker level's DB_*", async () => {
  await using app = await appFolder({ ".env": "DB_SERVER=weaker\nDB_NAME=weaker\nDB_USER=kept\n" });
  const { config } = await app.config(undefined, { DATABASE_URL: "postgresql://stronger/stronger" });
  expect(config).toMatchObject({ DB_SERVER: "stronger", DB_NAME: "stronger", DB_USER: "kept" });
});

test("an empty environment variable is not set, save for an empty password", async () => {
  await using app = await appFolder({ ".env": "DB_NAME=dotenv\n" });
  const { config } = await app.config(undefined, { DB_NAME: "", DB_PASSWORD: "", ARCTIC_HOST: "" });
  expect(config).toMatchObject({ DB_NAME: "dotenv", DB_PASSWORD: "", ARCTIC_HOST: "localhost" });
});

test("the overlay for NODE_ENV and the service's own section win over the file's other fields", async () => {
  await using app = await appFolder({
    "millrace.config.mjs": `export default {
      DB_NAME: "base", DB_USER: "base", DB_SCHEMA: "base", hosts: ["a"],
      services: { demo: { DB_USER: "demo" }, other: { DB_USER: "other" } },
      $staging: { DB_NAME: "staging", DB_USER: "staging", hosts: ["b"], services: { demo: { DB_SCHEMA: "staging" } } },
    };`,
  });
  const env = { NODE_ENV: "staging" };
  const { config } = await app.config(undefined, env);
  expect(config).toMatchObject({ DB_NAME: "staging", DB_USER: "demo", DB_SCHEMA: "staging", hosts: ["b"] });
  expect((await app.config(undefined, env, "other")).config.DB_USER).toBe("other");
  expect((await app.config(undefined, env, "third")).config.DB_USER).toBe("staging");
  expect(originsOf(config).get("DB_NAME")?.place).toBe("millrace.config.mjs ($staging)");
  expect(originsOf(config).get("DB_USER")?.place).toBe("millrace.config.mjs (services.demo)");
});

test("a TypeScript config file is read, and one that exports a function is called with the service", async () => {
  await using app = await appFolder({
    "millrace.config.ts":
      "const name: string = 'typed';\nexport default ({ service }: { service: string }) => ({ DB_NAME: name + '_' + service });",
  });
  expect((await app.config()).config.DB_NAME).toBe("typed_demo");
});

test("a given path names a config file that is stronger than the environment and read instead of the app's own", async () => {
  await using app = await appFolder({
    "millrace.config.json": '{ "DB_NAME": "own", "DB_USER": "own" }',
    "conf/special.json": '{ "DB_NAME": "special" }',
  });
  const { config } = await app.config("conf/special.json", { DB_NAME: "environment" });
  expect(config).toMatchObject({ DB_NAME: "special", DB_USER: "postgres" });
  await expect(app.config("conf/none.json")).rejects.toThrow(/no config file conf\/none\.json/);
});

test("fields that millrace does not know pass through as they are", async () => {
  await using app = await appFolder({ "millrace.config.mjs": "export default { tickers: ['A'], limit: 5n };" });
  expect((await app.config({ when: new Date(0) })).config).toMatchObject({
    tickers: ["A"],
    limit: 5n,
    when: new Date(0),
  });
});

test.each([
  ["an object", "({ config, logger })"],
  ["a pair", "[config, logger]"],
])("an app's initLogger gives config and logger as %s, and its values take the file's place", async (_, form) => {
  await using app = await appFolder({
    "millrace.config.mjs": `${ownLogger}
      export default { DB_USER: "from file" };
      export async function initLogger(name, given) {
        const config = { DB_NAME: name, seen: given, DB_SCHEMA: "from app" };
        return ${form};
      }`,
  });
  const { config, logger } = await app.config({ own: 1 }, { DB_SCHEMA: "from_environment" });
  expect(config).toMatchObject({
    DB_NAME: "demo",
    DB_USER: "postgres",
    DB_SCHEMA: "from_environment",
    seen: { DB_USER: "from file", own: 1 },
  });
  logger.info("hello");
  expect(Reflect.get(globalThis, "lines")).toEqual([["info", "hello"]]);
});

test.each([
  ["throws", "throw new Error('no vault today');", /no vault today/],
  ["has wrong values", "export default { DB_PORT: 'abc' };", /DB_PORT: expected a whole number/],
  ["exports no object", "export default 5;", /exports no object/],
  ["has an initLogger without a logger", "export const initLogger = () => ({ config: {} });", /initLogger must give/],
])(
  "a config file that %s is warned of, and the fallback serves; in production it is a ConfigError",
  async (_, code, message) => {
    await using app = await appFolder({ "millrace.config.mjs": code });
    const { config } = await app.config({ DB_NAME: "given" });
    expect(config).toMatchObject({ DB_NAME: "given", DB_PORT: 5432 });
    const production = { NODE_ENV: "production" };
    const error = await app.config(undefined, production).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(ConfigError);
    expect(String(error)).toMatch(message);
    const allowed = await app.config(undefined, { ...production, MILLRACE_FALLBACK: "allow" });
    expect(allowed.config.DB_PORT).toBe(5432);
  },
);

test("production names every missing setting, and is content when they are there", async () => {
  await using app = await appFolder();
  const env = { NODE_ENV: "production", FS_DATA: "/data" };
  await expect(app.config(undefined, env)).rejects.toThrow(
    /missing: DB_SERVER, DB_NAME, DB_USER, DB_PASSWORD, FS_TEMP, ARCTIC_HOST, ARCTIC_LIBRARY\./,
  );
  const rest = { FS_TEMP: "/temp", ARCTIC_HOST: "localhost", ARCTIC_LIBRARY: "lib" };
  await app.config(undefined, { ...env, ...rest, DATABASE_URL: "postgres://me:secret@db/prices" });
  await app.config(undefined, { ...env, ...rest, DB_EMBEDDED: "always" });
});

test("all wrong settings are told at once, each with the place it came from, and no secret is", async () => {
  await using app = await appFolder({
    ".env": "DB_POOL=many\nTEMP_MAX_AGE=soon\n",
    "millrace.config.json": '{ "FS_DATA": 5, "services": { "demo": { "ARCTIC_TLS": "perhaps" } } }',
  });
  const env = { PGPORT: "99999", DATABASE_URL: "mysql://me:t0psecret@db/x" };
  const error: unknown = await app.config({ DB_EMBEDDED: "sometimes" }, env).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(ConfigError);
  const message = String(error);
  for (const line of [
    'DB_POOL: expected a whole number from 1 to 100, not "many" (from DB_POOL in .env)',
    'TEMP_MAX_AGE: expected a duration such as 500ms, 60s, 15m, 12h or 7d, not "soon" (from TEMP_MAX_AGE in .env)',
    "FS_DATA: expected text, not 5 (from millrace.config.json)",
    'ARCTIC_TLS: expected true or false, not "perhaps" (from millrace.config.json (services.demo))',
    'DB_PORT: expected a whole number from 1 to 65535, not "99999" (from environment variable PGPORT)',
    'DB_EMBEDDED: expected auto, always or never, not "sometimes" (from the config given)',
    "DATABASE_URL: expected postgres://user:password@host:port/database (from environment variable DATABASE_URL)",
  ]) {
    expect(message).toContain(line);
  }
  expect(message).not.toContain("t0psecret");
});

test("a DATABASE_URL of another kind is no matter where DB_SERVER names the server", async () => {
  await using app = await appFolder();
  const { config } = await app.config(undefined, { DB_SERVER: "db", DATABASE_URL: "mysql://me@other/x" });
  expect(config.DB_SERVER).toBe("db");
});

test("DB_SSL is another word for DB_TLS, also in the app's config, and verify-full for verify", async () => {
  await using app = await appFolder({
    "millrace.config.mjs": `${ownLogger}
      export const initLogger = () => ({ config: { DB_SSL: "verify-full", DB_CA: "./ca.pem" }, logger });`,
  });
  expect((await app.config()).config).toMatchObject({ DB_TLS: "verify", DB_CA: "./ca.pem" });
  expect(String(Reflect.get(globalThis, "lines"))).not.toContain("DB_SSL");
});

test("a misspelt setting and an unused URL parameter are warned of", async () => {
  await using app = await appFolder({
    "millrace.config.mjs": `${ownLogger}
      export const initLogger = () => ({ config: { DB_SEVER: "x", DATABASE_URL: "postgres://h/d?pool=3" }, logger });`,
  });
  await app.config();
  expect(String(Reflect.get(globalThis, "lines"))).toMatch(
    /pool of DATABASE_URL is not used.*DB_SEVER .*not a setting/s,
  );
});

test.each([
  ["nothing", {}, "auto"],
  ["a server", { DB_SERVER: "localhost" }, "never"],
  ["PGHOST", { PGHOST: "localhost" }, "never"],
  ["a port", { DB_PORT: "5433" }, "never"],
  ["a database only", { DB_NAME: "x" }, "auto"],
  ["a server and the wish", { DB_SERVER: "localhost", DB_EMBEDDED: "auto" }, "auto"],
])("with %s named the embedded PostgreSQL serves as it should", async (_, env, expected) => {
  await using app = await appFolder();
  expect((await app.config(undefined, env)).config.DB_EMBEDDED).toBe(expected);
});
