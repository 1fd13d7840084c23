import type { Relation } from "../catalog.ts";
import type { Connection } from "../database.ts";
import { readKept } from "../kept-frame.ts";
import { type TableDefinition, tableDefinition } from "./definition.ts";

/** Reads all that makes a table or view. What a view is made of is not read: it is backed up as the table that it looks like. */
export async function readDefinition(connection: Connection, relation: Relation): Promise<TableDefinition> {
  const kept = await readKept(connection, relation.oid);
  // So that the server qualifies every name that is not its own.
  await connection.run("SET LOCAL search_path = pg_catalog");
  const parts: Record<string, unknown> = {};
  for (const [part, sql] of Object.entries(queries)) {
    const [row] = await connection.run(sql, [relation.oid]);
    parts[part] = JSON.parse(row?.found ?? "[]");
  }
  await connection.run("SET LOCAL search_path TO DEFAULT");
  const { columns, table, ...others } = parts as { columns: { builtin: boolean }[]; table: object };
  const format = columns.every(({ builtin }) => builtin) ? "binary" : "text";
  return tableDefinition.parse({ ...others, ...table, columns, format, kept: JSON.parse(JSON.stringify(kept)) });
}

/** Types whose bytes mean something in their own database only, or depend on its settings. */
const notPortable =
  "'regclass', 'regtype', 'regproc', 'regprocedure', 'regoper', 'regoperator', 'regrole', 'regnamespace', 'regconfig', 'regdictionary', 'regcollation', 'oid', 'money'";

/** Each gives one JSON value. `$1` is the table's number. */
const queries = {
  table: `
    SELECT json_build_object('rowSecurity', relrowsecurity, 'rowSecurityForced', relforcerowsecurity) AS found
    FROM pg_class WHERE oid = $1`,

  columns: `
    SELECT json_agg(json_build_object(
      'name', a.attname, 'sql', format_type(a.atttypid, a.atttypmod), 'notNull', a.attnotnull,
      'default', CASE WHEN d.adbin IS NOT NULL THEN pg_get_expr(d.adbin, d.adrelid) END,
      'identity', a.attidentity, 'generated', a.attgenerated,
      'collation', CASE WHEN a.attcollation <> t.typcollation THEN quote_ident(cn.nspname) || '.' || quote_ident(c.collname) END,
      'builtin', t.typnamespace = 'pg_catalog'::regnamespace AND t.typname NOT IN (${notPortable})
        AND coalesce(e.typnamespace = 'pg_catalog'::regnamespace AND e.typname NOT IN (${notPortable}), true)
    ) ORDER BY a.attnum) AS found
    FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid LEFT JOIN pg_type e ON e.oid = t.typelem AND t.typelem <> 0
    LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
    LEFT JOIN pg_collation c ON c.oid = a.attcollation LEFT JOIN pg_namespace cn ON cn.oid = c.collnamespace
    WHERE a.attrelid = $1 AND a.attnum > 0 AND NOT a.attisdropped`,

  constraints: `
    SELECT json_agg(json_build_object('name', conname, 'kind', contype, 'sql', pg_get_constraintdef(o.oid),
      'own', CASE WHEN confrelid = conrelid THEN (SELECT quote_ident(nspname) || '.' || quote_ident(relname)
        FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = conrelid) END
    ) ORDER BY contype = 'f', contype <> 'p', conname) AS found
    FROM pg_constraint o WHERE conrelid = $1 AND contype IN ('p', 'u', 'c', 'x', 'f') AND conislocal AND conparentid = 0`,

  indexes: `
    SELECT json_agg(json_build_object('name', i.relname, 'unique', indisunique,
      'sql', substr(pg_get_indexdef(indexrelid), length(
        'CREATE ' || CASE WHEN indisunique THEN 'UNIQUE ' ELSE '' END || 'INDEX ' || quote_ident(i.relname) || ' ON '
        || CASE WHEN t.relkind = 'p' THEN 'ONLY ' ELSE '' END || quote_ident(n.nspname) || '.' || quote_ident(t.relname) || ' ') + 1)
    ) ORDER BY i.relname) AS found
    FROM pg_index x JOIN pg_class i ON i.oid = indexrelid JOIN pg_class t ON t.oid = indrelid JOIN pg_namespace n ON n.oid = t.relnamespace
    WHERE indrelid = $1 AND indisvalid
      AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid AND contype IN ('p', 'u', 'x') AND conrelid = indrelid)`,

  comments: `
    SELECT json_agg(json_build_object('on', kind, 'name', name, 'text', text)) AS found FROM (
      SELECT 'table' AS kind, '' AS name, obj_description($1, 'pg_class') AS text
      UNION ALL SELECT 'column', attname, col_description($1, attnum) FROM pg_attribute WHERE attrelid = $1 AND attnum > 0 AND NOT attisdropped
      UNION ALL SELECT 'constraint', conname, obj_description(oid, 'pg_constraint') FROM pg_constraint WHERE conrelid = $1
      UNION ALL SELECT 'index', c.relname, obj_description(c.oid, 'pg_class') FROM pg_index JOIN pg_class c ON c.oid = indexrelid
        WHERE indrelid = $1 AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid)) AS all_comments
    WHERE text IS NOT NULL`,

  grants: `
    SELECT json_agg(json_build_object('grantee', CASE WHEN grantee = 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(grantee)) END,
      'privilege', privilege_type, 'grantable', is_grantable, 'column', attname)) AS found
    FROM (SELECT relowner, NULL::name AS attname, (aclexplode(relacl)).* FROM pg_class WHERE oid = $1
      UNION ALL SELECT relowner, attname, (aclexplode(attacl)).* FROM pg_attribute JOIN pg_class c ON c.oid = attrelid WHERE attrelid = $1) AS acl
    WHERE grantee <> relowner`,

  sequences: `
    SELECT json_agg(json_build_object('column', attname, 'value', coalesce(last_value, start_value)::text, 'called', last_value IS NOT NULL,
      'options', format('AS %s INCREMENT %s MINVALUE %s MAXVALUE %s START %s CACHE %s%s', data_type, increment_by, min_value, max_value,
        start_value, cache_size, CASE WHEN cycle THEN ' CYCLE' ELSE '' END))) AS found
    FROM pg_depend d JOIN pg_attribute a ON a.attrelid = refobjid AND a.attnum = refobjsubid
    JOIN pg_class c ON c.oid = objid AND c.relkind = 'S' JOIN pg_namespace n ON n.oid = c.relnamespace
    JOIN pg_sequences s ON s.schemaname = n.nspname AND s.sequencename = c.relname
    WHERE d.classid = 'pg_class'::regclass AND refclassid = 'pg_class'::regclass AND refobjid = $1 AND deptype IN ('a', 'i')`,

  enums: `
    SELECT json_agg(json_build_object('name', name, 'labels', labels)) AS found FROM (
      SELECT DISTINCT quote_ident(nspname) || '.' || quote_ident(t.typname) AS name,
        ARRAY(SELECT enumlabel::text FROM pg_enum WHERE enumtypid = t.oid ORDER BY enumsortorder) AS labels
      FROM pg_attribute a JOIN pg_type own ON own.oid = a.atttypid JOIN pg_type t ON t.oid IN (own.oid, own.typelem)
      JOIN pg_namespace n ON n.oid = t.typnamespace
      WHERE a.attrelid = $1 AND a.attnum > 0 AND NOT a.attisdropped AND t.typtype = 'e') AS types`,

  policies: `
    SELECT json_agg(json_build_object('name', polname, 'sql', concat_ws(' ',
      CASE WHEN NOT polpermissive THEN 'AS RESTRICTIVE' END,
      'FOR ' || CASE polcmd WHEN 'r' THEN 'SELECT' WHEN 'a' THEN 'INSERT' WHEN 'w' THEN 'UPDATE' WHEN 'd' THEN 'DELETE' ELSE 'ALL' END,
      'TO ' || (SELECT string_agg(CASE WHEN r = 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(r)) END, ', ') FROM unnest(polroles) AS r),
      'USING (' || pg_get_expr(polqual, polrelid) || ')', 'WITH CHECK (' || pg_get_expr(polwithcheck, polrelid) || ')'
    )) ORDER BY polname) AS found
    FROM pg_policy WHERE polrelid = $1`,

  // Those that partitions have from their table come with that one.
  triggers: `
    SELECT json_agg(json_build_object('name', tgname, 'firing', tgenabled,
      'when', left(def, position(named IN def) - 1), 'sql', substr(def, position(named IN def) + length(named))) ORDER BY tgname) AS found
    FROM (SELECT t.*, pg_get_triggerdef(t.oid) AS def, ' ON ' || quote_ident(nspname) || '.' || quote_ident(relname) || ' ' AS named
      FROM pg_trigger t JOIN pg_class c ON c.oid = tgrelid JOIN pg_namespace n ON n.oid = relnamespace
      WHERE tgrelid = $1 AND NOT tgisinternal AND tgparentid = 0) AS written`,

  rules: `
    SELECT json_agg(json_build_object('name', rulename, 'firing', ev_enabled, 'sql', rtrim(pg_get_ruledef(oid), ';')) ORDER BY rulename) AS found
    FROM pg_rewrite WHERE ev_class = $1 AND rulename <> '_RETURN'`,

  left: `
    SELECT json_agg(what) AS found FROM (
      SELECT 'its partitions' AS what FROM pg_class WHERE oid = $1 AND relkind = 'p'
      UNION ALL SELECT 'that it is a view' FROM pg_class WHERE oid = $1 AND relkind IN ('v', 'm', 'f')
      UNION ALL SELECT 'that it inherits' FROM pg_inherits WHERE inhrelid = $1
      UNION ALL SELECT 'that it is unlogged' FROM pg_class WHERE oid = $1 AND relpersistence = 'u'
      UNION ALL SELECT 'the storage parameter ' || option FROM pg_class, unnest(reloptions) AS option WHERE oid = $1 AND relkind IN ('r', 'p')
      UNION ALL SELECT 'the statistics ' || quote_ident(stxname) FROM pg_statistic_ext WHERE stxrelid = $1) AS kinds`,
};
