import { z } from "zod";
import type { FrameSchema } from "../../contracts/frame-schema.ts";
import type { Connection, Database } from "./database.ts";
import { metadataSchema, type TableName } from "./identifiers.ts";

/** What millrace remembers of a frame beside its table, in `millrace.frames`. */
export interface KeptFrame {
  /** The frame's own columns, order and types. */
  readonly schema: FrameSchema;
  /** Type of every column of the table when it was saved. One that differs now was changed by another program, which wins. */
  readonly bound: readonly (readonly [column: string, sql: string])[];
  readonly timeColumn?: string | undefined;
  readonly key?: readonly string[] | undefined;
  /** The table has the column millrace_row, by which rows are read in the order in which they were saved. */
  readonly keepOrder: boolean;
  readonly saved: Date;
}

const keptShape = z.object({
  schema: z.object({ fields: z.array(z.object({ name: z.string(), type: z.string(), nullable: z.boolean() })) }),
  // Pairs: an object would lose a column called "__proto__".
  bound: z.array(z.tuple([z.string(), z.string()])),
  timeColumn: z.string().optional(),
  key: z.array(z.string()).optional(),
  keepOrder: z.boolean(),
});

const rightsSql = `
  SELECT pg_catalog.has_schema_privilege(n.oid, 'USAGE') AND pg_catalog.has_table_privilege(c.oid, 'SELECT') AS read,
    pg_catalog.has_schema_privilege(n.oid, 'USAGE') AND pg_catalog.has_table_privilege(c.oid, 'SELECT')
      AND pg_catalog.has_table_privilege(c.oid, 'INSERT') AND pg_catalog.has_table_privilege(c.oid, 'UPDATE')
      AND pg_catalog.has_table_privilege(c.oid, 'DELETE') AS write
  FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
  WHERE n.nspname = '${metadataSchema}' AND c.relname = 'frames'`;

async function mayUse({ run }: Connection, right: "read" | "write"): Promise<boolean | null> {
  const [row] = await run(rightsSql);
  return row ? row[right] === "t" : null;
}

/** What is kept of the table with that oid. A table that was dropped and made again has another oid, so nothing is kept of it. */
export async function readKept(connection: Connection, oid: string): Promise<KeptFrame | null> {
  if (!(await mayUse(connection, "read"))) return null;
  const sql = `SELECT frame, extract(epoch FROM saved) AS saved FROM ${metadataSchema}.frames WHERE relid = $1`;
  const [row] = await connection.run(sql, [oid]);
  if (!row) return null;
  const parsed = keptShape.safeParse(JSON.parse(row.frame ?? "null"));
  return parsed.success ? { ...parsed.data, saved: new Date(Number(row.saved) * 1000) } : null;
}

const writeSql = `
  INSERT INTO ${metadataSchema}.frames (relid, name, frame, saved) VALUES ($1, $2, $3, now())
  ON CONFLICT (relid) DO UPDATE SET name = excluded.name, frame = excluded.frame, saved = excluded.saved`;

export async function writeKept(
  { run }: Connection,
  oid: string,
  { schema, table }: TableName,
  kept: Omit<KeptFrame, "saved">,
): Promise<void> {
  await run(writeSql, [oid, `${schema}.${table}`, JSON.stringify(keptShape.parse(kept))]);
}

export async function removeKept(connection: Connection, oid: string): Promise<void> {
  if (!(await mayUse(connection, "write"))) return;
  await connection.run(`DELETE FROM ${metadataSchema}.frames WHERE relid = $1`, [oid]);
}

/** All processes make the metadata one after the other: this number is the lock's, and means nothing else. */
const makeMetadata = `
  SELECT pg_catalog.pg_advisory_xact_lock(7105108101);
  CREATE SCHEMA IF NOT EXISTS ${metadataSchema};
  CREATE TABLE IF NOT EXISTS ${metadataSchema}.frames (
    relid oid PRIMARY KEY, name text NOT NULL, frame json NOT NULL, saved timestamptz NOT NULL);
  COMMENT ON TABLE ${metadataSchema}.frames IS 'What millrace keeps of each frame beside its table: types, key, time column.'`;

/** Makes the metadata when it is missing and this user may. False when frames have to do without. */
export async function ensureMetadata(database: Database): Promise<boolean> {
  return database.use(
    { doing: "save", begin: "BEGIN; SET LOCAL client_min_messages = warning" },
    async (connection) => {
      const there = await mayUse(connection, "write");
      if (there !== null) return there;
      const [row] = await connection.run(
        "SELECT pg_catalog.has_database_privilege(pg_catalog.current_database(), 'CREATE') AS may",
      );
      if (row?.may !== "t") return false;
      await connection.client.query(makeMetadata);
      return true;
    },
  );
}
