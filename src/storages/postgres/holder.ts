import type { Rows } from "./database.ts";
import type { TableName } from "./identifiers.ts";

/** The lock that all writers of millrace take on a table's name, also while the table is still to be made. */
export const nameLock = "pg_catalog.hashtextextended($1, 7105108101)";

/** What a name's lock is taken for. */
export function lockedName({ schema, table }: TableName): string {
  return `${schema}.${table}`;
}

const holdersSql = `
  SELECT a.pid, a.application_name AS program, a.usename AS "user", a.state,
    pg_catalog.date_part('epoch', pg_catalog.clock_timestamp() - a.xact_start)::int AS seconds
  FROM pg_catalog.pg_stat_activity a WHERE a.pid <> pg_catalog.pg_backend_pid() AND a.pid IN (
    SELECT l.pid FROM pg_catalog.pg_locks l WHERE l.granted AND (
      l.relation = (SELECT c.oid FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
        WHERE n.nspname = $2 AND c.relname = $3)
      OR l.locktype = 'advisory' AND l.objsubid = 1
        AND (l.classid::bigint << 32) | l.objid::bigint = ${nameLock}))
  ORDER BY a.xact_start LIMIT 3`;

/** Who holds a table, in words; null when nobody does any more, or the server does not say. */
export async function holdersOf(
  run: (sql: string, values: readonly unknown[]) => Promise<Rows>,
  name: TableName,
): Promise<string | null> {
  const rows = await run(holdersSql, [lockedName(name), name.schema, name.table]).catch(() => []);
  const words = rows.map(({ pid, program, user, state, seconds }) => {
    return `${program || "a program without a name"} (process ${pid}, user ${user}, ${state ?? "state hidden"} for ${seconds ?? "?"} s)`;
  });
  return words.length > 0 ? words.join(", ") : null;
}
