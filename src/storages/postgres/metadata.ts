import { type Connection, type Database, readWrite } from "./database.ts";
import { metadataSchema, type TableName } from "./identifiers.ts";
import type { PlannedStatement } from "./save-plan.ts";

/** What this user may do with millrace's own tables. */
export interface MetadataRights {
  /** Read what is kept of frames. */
  readonly read: boolean;
  /** Write what is kept of frames. */
  readonly frames: boolean;
  /** Record changes of tables. */
  readonly changes: boolean;
}

/** Millrace's own tables. Each statement can be run again. */
const statements: readonly PlannedStatement[] = [
  { sql: `CREATE SCHEMA IF NOT EXISTS ${metadataSchema}`, reason: "millrace's own tables stand in it" },
  {
    sql: `CREATE TABLE IF NOT EXISTS ${metadataSchema}.frames (
    relid oid PRIMARY KEY, name text NOT NULL, frame json NOT NULL, saved timestamptz NOT NULL)`,
    reason: "what PostgreSQL does not know of a frame is kept there: types, key, time column",
  },
  {
    sql: `CREATE TABLE IF NOT EXISTS ${metadataSchema}.schema_changes (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, changed timestamptz NOT NULL DEFAULT now(), relid oid NOT NULL,
    name text NOT NULL, run text, statement text NOT NULL, reason text NOT NULL)`,
    reason: "every statement by which a save changes a table is recorded there",
  },
];

const rightsSql = `
  SELECT c.relname, pg_catalog.has_table_privilege(c.oid, 'SELECT') AS read, pg_catalog.has_table_privilege(c.oid, 'INSERT') AS add,
    pg_catalog.has_table_privilege(c.oid, 'UPDATE') AND pg_catalog.has_table_privilege(c.oid, 'DELETE') AS change
  FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
  WHERE n.nspname = '${metadataSchema}' AND c.relname IN ('frames', 'schema_changes')
    AND pg_catalog.has_schema_privilege(n.oid, 'USAGE')`;

/** What this user may do with the tables that are there. */
export async function metadataRights({ run }: Connection): Promise<MetadataRights & { complete: boolean }> {
  const rows = await run(rightsSql);
  const of = (table: string) => rows.find(({ relname }) => relname === table);
  const [frames, changes] = [of("frames"), of("schema_changes")];
  return {
    complete: rows.length === 2,
    read: frames?.read === "t",
    frames: frames?.read === "t" && frames.add === "t" && frames.change === "t",
    changes: changes?.add === "t",
  };
}

const mayCreateSql = `
  SELECT CASE WHEN n.oid IS NULL
    THEN pg_catalog.has_database_privilege(pg_catalog.current_database(), 'CREATE')
    ELSE pg_catalog.has_schema_privilege(n.oid, 'CREATE') END AS may
  FROM (VALUES (1)) one LEFT JOIN pg_catalog.pg_namespace n ON n.nspname = '${metadataSchema}'`;

/** The statements that make what is missing of millrace's own tables, where this user may. */
export async function missingMetadata(connection: Connection): Promise<readonly PlannedStatement[]> {
  if ((await metadataRights(connection)).complete) return [];
  const [row] = await connection.run(mayCreateSql);
  return row?.may === "t" ? statements : [];
}

/** All processes make the metadata one after the other: this number is the lock's, and means nothing else. */
const lockSql = "SELECT pg_catalog.pg_advisory_xact_lock(7105108101)";

/** Makes the metadata when it is missing and this user may. Without it frames have to do. */
export async function ensureMetadata(database: Database): Promise<MetadataRights> {
  const { found, missing } = await database.use({ doing: "save" }, async (connection) => {
    const rights = await metadataRights(connection);
    if (rights.complete) return { found: rights, missing: [] };
    const missing = await missingMetadata(connection);
    // Another process may have made it between the two looks.
    return { found: missing.length === 0 ? await metadataRights(connection) : rights, missing };
  });
  if (missing.length === 0) return found;
  const first = "SET LOCAL client_min_messages = warning";
  return database.use({ doing: "save", begin: readWrite, first }, async (connection) => {
    await connection.run(lockSql);
    for (const { sql } of await missingMetadata(connection)) await connection.run(sql);
    return metadataRights(connection);
  });
}

const recordSql = `
  INSERT INTO ${metadataSchema}.schema_changes (relid, name, run, statement, reason) VALUES ($1, $2, $3, $4, $5)`;

/**
 * Records what was run, in the transaction in which it was.
 *
 * @param id of the pipeline's run that it belongs to.
 */
export async function recordChanges(
  { run }: Connection,
  oid: string,
  { schema, table }: TableName,
  changes: readonly PlannedStatement[],
  id: string | null = null,
): Promise<void> {
  for (const { sql, reason } of changes) await run(recordSql, [oid, `${schema}.${table}`, id, sql, reason]);
}
