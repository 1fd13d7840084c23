import { readDatabaseUrl } from "../../config/database-url.ts";
import type { Config } from "../../config/settings.ts";
import type { Logger } from "../../contracts/logger.ts";
import { ConfigError } from "../../errors.ts";
import { type OwnTables, PostgresStorage } from "../../storages/postgres/index.ts";
import type { SqlPlace } from "./sql.ts";
import { addedColumn, tableStatements } from "./tables.ts";

const schema = "millrace";

/** All processes make the tables one after the other: this number is the lock's, and means nothing else. */
const makingSql = "SELECT pg_catalog.pg_advisory_xact_lock(7105108103)";

/** A ledger in the schema `millrace` of the configured database, or of the one that LEDGER names. */
export async function postgresPlace(config: Config, logger: Logger): Promise<SqlPlace> {
  const own = ledgerConfig(config);
  const storage = new PostgresStorage({ config: own, logger });
  // Each claim holds a connection for as long as its run takes: those of statements must not wait for it.
  const holders = new PostgresStorage({ config: { ...own, DB_POOL: 100 }, logger });
  const tables = storage.ownTables();
  const close = async () => {
    await Promise.all([storage.close(), holders.close()]);
  };
  try {
    await makeTables(tables);
  } catch (cause) {
    await close();
    throw cause;
  }
  return {
    prefix: `${schema}.`,
    run: (sql, values) => tables.run(numbered(sql), values),
    batch: (statements) => tables.batch(statements.map(([sql, values]) => [numbered(sql), values])),
    fenced: (first) => ({
      run: (sql, values) => tables.run(numbered(sql), values, isRead(sql) ? undefined : first),
      batch: (statements) =>
        tables.batch(
          statements.map(([sql, values]) => [numbered(sql), values]),
          first,
        ),
    }),
    claim: (name) => holders.ownTables().hold(`pipeline ${name}`),
    [Symbol.asyncDispose]: close,
  };
}

/** Looks first: a user who may not create anything can use what an administrator made. */
async function makeTables(tables: OwnTables): Promise<void> {
  const names = ["runs", "steps", "sources", "cursors", "touches", "memory"];
  const { table, name, type } = addedColumn;
  const sql = `SELECT count(pg_catalog.to_regclass('millrace.' || name)) AS found, (SELECT count(*) FROM pg_catalog.pg_attribute
    WHERE attrelid = pg_catalog.to_regclass('millrace.' || $2) AND attname = $3) AS added FROM pg_catalog.unnest($1::text[]) AS name`;
  const [row] = await tables.run(sql, [names, table, name]);
  if (Number(row?.found) === names.length && Number(row?.added) === 1) return;
  const add = `ALTER TABLE ${schema}.${table} ADD COLUMN IF NOT EXISTS ${name} ${type}`;
  const statements = ["SET LOCAL client_min_messages = warning", makingSql, `CREATE SCHEMA IF NOT EXISTS ${schema}`];
  await tables.batch(
    [...statements, ...tableStatements(`${schema}.`), add].map((statement) => [statement, []] as const),
  );
}

/** `?1` of SQLite is `$1` here. No statement of the ledger has a question mark for anything else. */
function numbered(sql: string): string {
  return sql.replace(/\?(\d)/g, "$$$1");
}

function isRead(sql: string): boolean {
  return sql.startsWith("SELECT");
}

/** A ledger elsewhere is a server of its own; of the rest of the config only how to wait for it counts. */
export function ledgerConfig(config: Config): Config {
  const { LEDGER } = config;
  if (LEDGER === "postgres" || LEDGER === "sqlite") return config;
  const read = readDatabaseUrl(LEDGER);
  if ("problem" in read) throw new ConfigError(`LEDGER is no address of a database: ${read.problem}.`);
  return {
    ...config,
    ...read.values,
    DB_EMBEDDED: "never",
    DATABASE_URL: LEDGER,
    DB_PORT: Number(read.values.DB_PORT ?? 5432),
  };
}
