import type { Connection } from "./database.ts";
import type { TableName } from "./identifiers.ts";
import { type KeptFrame, readKept } from "./kept-frame.ts";

/** `r` table, `p` partitioned table, `v` view, `m` materialised view, `f` foreign table. */
export type RelationKind = "r" | "p" | "v" | "m" | "f";

export interface Relation {
  readonly oid: string;
  readonly kind: RelationKind;
}

/** A column as the server describes it. */
export interface TableColumn {
  readonly name: string;
  /** As `format_type` writes it. */
  readonly sql: string;
  readonly notNull: boolean;
  /** It fills itself: a default, an identity or a generated value. */
  readonly fillsItself: boolean;
  /** It can't be written to. */
  readonly generated: boolean;
  /** It is written to only by `OVERRIDING SYSTEM VALUE`. */
  readonly identity: boolean;
}

/** All that matters of a table or view. */
export interface Table extends Relation {
  readonly columns: readonly TableColumn[];
  /** Columns of the primary key, in its order. */
  readonly primaryKey: readonly string[];
  /** The columns of every index by which `ON CONFLICT` can tell rows apart. */
  readonly uniqueKeys: readonly (readonly string[])[];
  readonly kept: KeptFrame | null;
}

const findRelationSql = `
  SELECT c.oid, c.relkind FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
  WHERE n.nspname = $1 AND c.relname = $2 AND c.relkind IN ('r', 'p', 'v', 'm', 'f')`;

/** The table or view of that name, or null. */
export async function findRelation({ run }: Connection, { schema, table }: TableName): Promise<Relation | null> {
  const [row] = await run(findRelationSql, [schema, table]);
  return row ? { oid: row.oid ?? "", kind: row.relkind as RelationKind } : null;
}

/** Reads what the server and millrace's metadata know of a relation. */
export async function describeTable(connection: Connection, relation: Relation): Promise<Table> {
  const columns = await columnsOf(connection, relation.oid);
  const indexes = await uniqueIndexes(connection, relation.oid);
  const primaryKey = indexes.find(({ primary }) => primary)?.columns ?? [];
  const uniqueKeys = indexes.map(({ columns }) => columns);
  return { ...relation, columns, primaryKey, uniqueKeys, kept: await readKept(connection, relation.oid) };
}

const columnsSql = `
  SELECT attname, pg_catalog.format_type(atttypid, atttypmod) AS sql, attnotnull,
         atthasdef OR attidentity <> '' AS fills, attgenerated <> '' OR attidentity = 'a' AS generated, attidentity = 'a' AS identity
  FROM pg_catalog.pg_attribute WHERE attrelid = $1 AND attnum > 0 AND NOT attisdropped ORDER BY attnum`;

async function columnsOf({ run }: Connection, oid: string): Promise<TableColumn[]> {
  return (await run(columnsSql, [oid])).map((row) => ({
    name: row.attname ?? "",
    sql: row.sql ?? "",
    notNull: row.attnotnull === "t",
    fillsItself: row.fills === "t",
    generated: row.generated === "t",
    identity: row.identity === "t",
  }));
}

const uniqueIndexesSql = `
  SELECT i.indisprimary, (SELECT pg_catalog.json_agg(a.attname ORDER BY k.place)
    FROM unnest(i.indkey::int2[]) WITH ORDINALITY AS k(attnum, place)
    JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.attnum WHERE k.place <= i.indnkeyatts) AS columns
  FROM pg_catalog.pg_index i
  WHERE i.indrelid = $1 AND i.indisunique AND i.indisvalid AND i.indimmediate AND i.indpred IS NULL AND i.indexprs IS NULL`;

async function uniqueIndexes({ run }: Connection, oid: string): Promise<{ primary: boolean; columns: string[] }[]> {
  return (await run(uniqueIndexesSql, [oid])).map((row) => ({
    primary: row.indisprimary === "t",
    columns: JSON.parse(row.columns ?? "[]") as string[],
  }));
}

/** A foreign key of another table that points here. */
export interface Reference {
  /** The other table, quoted. */
  readonly table: string;
  readonly columns: readonly string[];
  readonly referenced: readonly string[];
  /** Deleting a row here would delete or change rows there. */
  readonly cascades: boolean;
}

const referencesSql = `
  SELECT pg_catalog.quote_ident(n.nspname) || '.' || pg_catalog.quote_ident(c.relname) AS "table",
    f.confdeltype IN ('c', 'n', 'd') AS cascades,
    (SELECT pg_catalog.json_agg(a.attname ORDER BY k.place) FROM unnest(f.conkey) WITH ORDINALITY AS k(attnum, place)
      JOIN pg_catalog.pg_attribute a ON a.attrelid = f.conrelid AND a.attnum = k.attnum) AS columns,
    (SELECT pg_catalog.json_agg(a.attname ORDER BY k.place) FROM unnest(f.confkey) WITH ORDINALITY AS k(attnum, place)
      JOIN pg_catalog.pg_attribute a ON a.attrelid = f.confrelid AND a.attnum = k.attnum) AS referenced
  FROM pg_catalog.pg_constraint f JOIN pg_catalog.pg_class c ON c.oid = f.conrelid
  JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
  WHERE f.contype = 'f' AND f.confrelid = $1`;

export async function referencesTo({ run }: Connection, oid: string): Promise<Reference[]> {
  return (await run(referencesSql, [oid])).map((row) => ({
    table: row.table ?? "",
    columns: JSON.parse(row.columns ?? "[]") as string[],
    referenced: JSON.parse(row.referenced ?? "[]") as string[],
    cascades: row.cascades === "t",
  }));
}

const childrenSql = `
  SELECT pg_catalog.quote_ident(n.nspname) || '.' || pg_catalog.quote_ident(c.relname) AS "table"
  FROM pg_catalog.pg_inherits i JOIN pg_catalog.pg_class c ON c.oid = i.inhrelid
  JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
  WHERE i.inhparent = $1 AND NOT c.relispartition ORDER BY 1`;

/** The tables that inherit from a table, quoted, without partitions. Their rows show in it, and go with a DELETE of its rows. */
export async function childrenOf({ run }: Connection, oid: string): Promise<string[]> {
  return (await run(childrenSql, [oid])).map((row) => row.table ?? "");
}

/** A view that shows a column, which the server then lets nobody change. */
export interface ShowingView {
  readonly column: string;
  /** `VIEW "schema"."name"` or the same of a materialised one, quoted. */
  readonly view: string;
  readonly definition: string;
}

const viewsSql = `
  SELECT DISTINCT a.attname AS column, CASE v.relkind WHEN 'm' THEN 'MATERIALIZED VIEW ' ELSE 'VIEW ' END
    || pg_catalog.quote_ident(n.nspname) || '.' || pg_catalog.quote_ident(v.relname) AS view, pg_catalog.pg_get_viewdef(v.oid) AS definition
  FROM pg_catalog.pg_depend d JOIN pg_catalog.pg_rewrite r ON r.oid = d.objid JOIN pg_catalog.pg_class v ON v.oid = r.ev_class
  JOIN pg_catalog.pg_namespace n ON n.oid = v.relnamespace
  JOIN pg_catalog.pg_attribute a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid
  WHERE d.classid = 'pg_catalog.pg_rewrite'::regclass AND d.refclassid = 'pg_catalog.pg_class'::regclass AND d.refobjid = $1
    AND v.relkind IN ('v', 'm') ORDER BY 2`;

export async function viewsOn({ run }: Connection, oid: string): Promise<ShowingView[]> {
  return (await run(viewsSql, [oid])).map(({ column, view, definition }) => ({
    column: column ?? "",
    view: view ?? "",
    definition: definition ?? "",
  }));
}

const listSql = `
  SELECT c.relname FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
  WHERE n.nspname = $1 AND c.relkind IN ('r', 'p', 'v', 'm', 'f') AND NOT c.relispartition
    AND pg_catalog.has_table_privilege(c.oid, 'SELECT')`;

/** Tables and views of a schema that this user can read, without partitions. */
export async function listTables({ run }: Connection, schema: string): Promise<string[]> {
  return (await run(listSql, [schema])).map((row) => row.relname ?? "");
}

const takenSql = `
  SELECT c.relname FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
  WHERE n.nspname = $1 AND c.relkind IN ('r', 'p', 'v', 'm', 'f')`;

/** The names that tables and views of a schema have; null when there is no such schema. */
export async function takenNames({ run }: Connection, schema: string): Promise<string[] | null> {
  const [found] = await run("SELECT 1 FROM pg_catalog.pg_namespace WHERE nspname = $1", [schema]);
  return found ? (await run(takenSql, [schema])).map((row) => row.relname ?? "") : null;
}
