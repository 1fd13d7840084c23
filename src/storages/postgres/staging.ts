import type { FrameField } from "../../contracts/frame-schema.ts";
import { ConflictError, SaveError, SchemaError } from "../../errors.ts";
import { parseType } from "../../frame/types.ts";
import type { Reference, Table } from "./catalog.ts";
import type { Connection } from "./database.ts";
import { deleteRows } from "./delete-rows.ts";
import { orderColumn, quote, quoteTable, type TableName } from "./identifiers.ts";
import { mappingOf } from "./types.ts";

/** The rows of a save until they are put in place. It goes with its transaction. */
export const stagingTable = `pg_temp.${quote("millrace_staging")}`;

/** Makes the staging table in the frame's own types, so that any row of the frame fits. */
export async function createStaging({ run }: Connection, fields: readonly FrameField[], order: boolean): Promise<void> {
  const columns = fields.map(({ name, type }) => `${quote(name)} ${mappingOf(parseType(type)).sql}`);
  if (order) columns.push(`${quote(orderColumn)} bigint`);
  await run(`CREATE TEMP TABLE ${quote("millrace_staging")} (${columns.join(", ")}) ON COMMIT DROP`);
}

/** Staged rows on their way into a table. */
export interface Staged {
  /** The frame's name, for errors. */
  readonly frame: string;
  readonly name: TableName;
  readonly columns: readonly string[];
  /** The type in the table of each, to which its values are cast. */
  readonly targets: readonly string[];
  readonly rows: number;
}

/**
 * Adds all staged rows to the table.
 *
 * @throws SaveError when a trigger of the table left some out.
 */
export async function insertStaged({ write }: Connection, staged: Staged): Promise<void> {
  requireAll(await write(insertSql(staged)), staged);
}

function requireAll(written: number, { rows, frame }: Staged): void {
  if (written === rows) return;
  throw new SaveError(`PostgreSQL wrote ${written} of ${rows} rows of ${frame}, so nothing was saved.`, {
    storage: "postgres",
    frame,
    hint: "A trigger or a rule of the table leaves rows out: disable it, or leave those rows out of the frame.",
  });
}

/** A restore writes identities too, which tables otherwise give themselves. */
function insertSql({ name, columns, targets }: Staged): string {
  const values = columns.map((column, index) => `${quote(column)}::${targets[index]}`);
  const into = `INSERT INTO ${quoteTable(name)} (${columns.map(quote).join(", ")}) OVERRIDING SYSTEM VALUE`;
  return `${into} SELECT ${values.join(", ")} FROM ${stagingTable}`;
}

/**
 * Adds the staged rows of a new key. Those of a known key replace the old ones, with their place among the rows or in the place
 * of the old ones, or are left out. Columns that the frame lacks become null in replaced rows, unless they fill themselves.
 *
 * @throws SchemaError KEY_INVALID when a staged row has no key, or two have the same.
 * @throws SaveError when a trigger of the table left some of the rows out.
 */
export async function mergeStaged(
  connection: Connection,
  table: Table,
  staged: Staged,
  { key, onKnown }: { key: readonly string[]; onKnown: "replace" | "replace in place" | "leave" },
): Promise<void> {
  await refuseBadKeys(connection, staged, key);
  const given = staged.columns.filter((column) => onKnown === "replace" || column !== orderColumn);
  const changes = onKnown === "leave" ? [] : changesOf(table, { ...staged, columns: given }, key);
  const action = changes.length > 0 ? `DO UPDATE SET ${changes.join(", ")}` : "DO NOTHING";
  const sql = `${insertSql(staged)} ON CONFLICT (${key.map(quote).join(", ")}) ${action}`;
  const written = await connection.write(sql);
  requireAll(changes.length > 0 ? written : await countKeys(connection, staged, key), staged);
}

/** Types of which two values can be the same and look different, as 0 and -0 do. */
const looseTypes = /^(real|double precision|numeric|interval|(\w+\.)?citext)$|\[\]$/;

function changesOf(table: Table, { columns, targets }: Staged, key: readonly string[]): string[] {
  const given = columns.filter((column, index) => !key.includes(column) || looseTypes.test(targets[index] ?? ""));
  const absent = table.columns.filter(
    ({ name, notNull, fillsItself, generated }) =>
      !(notNull || fillsItself || generated) && name !== orderColumn && !columns.includes(name),
  );
  return [
    ...given.map((column) => `${quote(column)} = excluded.${quote(column)}`),
    ...absent.map(({ name }) => `${quote(name)} = NULL`),
  ];
}

/** The staged rows whose key the table has: with DO NOTHING the server counts only those that it added. */
async function countKeys({ run }: Connection, staged: Staged, key: readonly string[]): Promise<number> {
  const there = `EXISTS (SELECT FROM ${quoteTable(staged.name)} t WHERE ${sameKey(staged, key)})`;
  const [found] = await run(`SELECT count(*) AS n FROM ${stagingTable} s WHERE ${there}`);
  return Number(found?.n);
}

/** Whether the row `t` of the table and the staged row `s` have the same key. */
function sameKey({ columns, targets }: Staged, key: readonly string[]): string {
  const match = key.map((column) => `t.${quote(column)} = s.${quote(column)}::${targets[columns.indexOf(column)]}`);
  return match.join(" AND ");
}

async function refuseBadKeys({ run }: Connection, { frame }: Staged, key: readonly string[]): Promise<void> {
  const columns = key.map(quote);
  const isNull = columns.map((column) => `${column} IS NULL`).join(" OR ");
  const [empty] = await run(`SELECT 1 FROM ${stagingTable} WHERE ${isNull} LIMIT 1`);
  const list = columns.join(", ");
  const shown = columns.map((column) => `${column}::text`).join(" || ', ' || ");
  const doubledSql = `SELECT ${shown} AS key FROM ${stagingTable} GROUP BY ${list} HAVING count(*) > 1 LIMIT 1`;
  const [doubled] = empty ? [] : await run(doubledSql);
  if (!empty && !doubled) return;
  const problem = empty ? "a row has no value" : `two rows have ${doubled?.key}`;
  throw new SchemaError(`Key ${key.join(", ")}: ${problem} in the frame.`, {
    storage: "postgres",
    frame,
    code: "KEY_INVALID",
    hint: "A key needs a value in every row, and no two rows with the same.",
  });
}

/**
 * Replaces all rows of a table that others refer to: by key, so that rows which stay are never deleted.
 *
 * @throws ConflictError when there is no key to go by, or a deletion would change rows of another table.
 */
export async function replaceReferenced(
  connection: Connection,
  table: Table,
  staged: Staged,
  { key, references }: { key: readonly string[] | undefined; references: readonly Reference[] },
): Promise<void> {
  if (!key) {
    const others = references.map((reference) => reference.table).join(", ");
    throw refuseReferenced(staged, `${others} refers to its rows, and there is no key to tell them apart`);
  }
  await mergeStaged(connection, table, staged, { key, onKnown: "replace" });
  const target = quoteTable(staged.name);
  const absent = `NOT EXISTS (SELECT FROM ${stagingTable} s WHERE ${sameKey(staged, key)})`;
  for (const { table: other, columns, referenced, cascades } of references) {
    if (!cascades) continue;
    const join = columns
      .map((column, index) => `c.${quote(column)} = t.${quote(referenced[index] ?? "")}`)
      .join(" AND ");
    const [hit] = await connection.run(`SELECT 1 FROM ${other} c JOIN ${target} t ON ${join} WHERE ${absent} LIMIT 1`);
    if (hit) throw refuseReferenced(staged, `rows of ${other} would be deleted or changed by its foreign key`);
  }
  await deleteRows(connection, table, staged, absent);
}

export function refuseReferenced({ frame, name }: Pick<Staged, "frame" | "name">, why: string): ConflictError {
  return new ConflictError(`The rows of ${frame} can't be replaced: ${why}.`, {
    storage: "postgres",
    frame,
    code: "NAME_CONFLICT",
    hint: `Delete those rows first by hand, or save with mode "upsert" and a key. By hand: DELETE FROM ${quoteTable(name)} WHERE …`,
  });
}
