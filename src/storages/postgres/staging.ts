import type { FrameField } from "../../contracts/frame-schema.ts";
import { ConflictError, SaveError, SchemaError } from "../../errors.ts";
import { parseType } from "../../frame/types.ts";
import type { Reference, Table } from "./catalog.ts";
import type { Connection } from "./database.ts";
import { orderColumn, quote, quoteTable } from "./identifiers.ts";
import type { SavePlan, SaveRequest } from "./save-plan.ts";
import { mappingOf } from "./types.ts";

/** The rows of a save until they are put in place. It goes with its transaction. */
export const stagingTable = `pg_temp.${quote("millrace_staging")}`;

/** Makes the staging table in the frame's own types, so that any row of the frame fits. */
export async function createStaging({ run }: Connection, fields: readonly FrameField[], order: boolean): Promise<void> {
  const columns = fields.map(({ name, type }) => `${quote(name)} ${mappingOf(parseType(type)).sql}`);
  if (order) columns.push(`${quote(orderColumn)} bigint`);
  await run(`CREATE TEMP TABLE ${quote("millrace_staging")} (${columns.join(", ")}) ON COMMIT DROP`);
}

/**
 * Adds all staged rows to the table, each value cast to its column's type.
 *
 * @throws SaveError when a trigger of the table left some of the `rows` out.
 */
export async function insertStaged(
  { write }: Connection,
  request: SaveRequest,
  plan: SavePlan,
  rows: number,
): Promise<void> {
  requireAll(await write(insertSql(request, plan)), rows, request);
}

function requireAll(written: number, rows: number, { frame }: SaveRequest): void {
  if (written === rows) return;
  throw new SaveError(`PostgreSQL wrote ${written} of ${rows} rows of ${frame}, so nothing was saved.`, {
    storage: "postgres",
    frame,
    hint: "A trigger or a rule of the table leaves rows out: disable it, or leave those rows out of the frame.",
  });
}

function insertSql({ name, fields }: SaveRequest, { targets, keepOrder }: SavePlan): string {
  const columns = fields.map((field) => quote(field.name));
  const values = fields.map((field, index) => `${quote(field.name)}::${targets[index]}`);
  for (const list of keepOrder ? [columns, values] : []) list.push(quote(orderColumn));
  return `INSERT INTO ${quoteTable(name)} (${columns.join(", ")}) SELECT ${values.join(", ")} FROM ${stagingTable}`;
}

/**
 * Adds the staged rows of a new key. Those of a known key replace the old ones, with `replace`, or are left out. Columns that the
 * frame lacks become null in replaced rows, unless they fill themselves.
 *
 * @throws SchemaError KEY_INVALID when a staged row has no key, or two have the same.
 * @throws SaveError when a trigger of the table left some of the `rows` out.
 */
export async function mergeStaged(
  connection: Connection,
  table: Table,
  request: SaveRequest,
  plan: SavePlan,
  { key, rows, replace }: { key: readonly string[]; rows: number; replace: boolean },
): Promise<void> {
  await refuseBadKeys(connection, request, key);
  const changes = replace ? changesOf(table, request, key) : [];
  const action = changes.length > 0 ? `DO UPDATE SET ${changes.join(", ")}` : "DO NOTHING";
  const sql = `${insertSql(request, plan)} ON CONFLICT (${key.map(quote).join(", ")}) ${action}`;
  const written = await connection.write(sql);
  requireAll(changes.length > 0 ? written : await countKeys(connection, request, plan, key), rows, request);
}

function changesOf({ columns }: Table, { fields }: SaveRequest, key: readonly string[]): string[] {
  const given = fields.map(({ name }) => name).filter((column) => !key.includes(column));
  const absent = columns.filter(
    ({ name, notNull, fillsItself, generated }) =>
      !(notNull || fillsItself || generated) && name !== orderColumn && !fields.some((field) => field.name === name),
  );
  return [
    ...given.map((column) => `${quote(column)} = excluded.${quote(column)}`),
    ...absent.map(({ name }) => `${quote(name)} = NULL`),
  ];
}

/** The staged rows whose key the table has: with DO NOTHING the server counts only those that it added. */
async function countKeys(
  { run }: Connection,
  { name, fields }: SaveRequest,
  { targets }: SavePlan,
  key: readonly string[],
): Promise<number> {
  const match = fields.flatMap((field, index) =>
    key.includes(field.name) ? [`t.${quote(field.name)} = s.${quote(field.name)}::${targets[index]}`] : [],
  );
  const there = `EXISTS (SELECT FROM ${quoteTable(name)} t WHERE ${match.join(" AND ")})`;
  const [found] = await run(`SELECT count(*) AS n FROM ${stagingTable} s WHERE ${there}`);
  return Number(found?.n);
}

async function refuseBadKeys({ run }: Connection, { frame }: SaveRequest, key: readonly string[]): Promise<void> {
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
  request: SaveRequest,
  plan: SavePlan,
  references: readonly Reference[],
  rows: number,
): Promise<void> {
  const key = plan.by;
  if (!key) {
    const others = references.map((reference) => reference.table).join(", ");
    throw refuseReferenced(request, `${others} refers to its rows, and the frame has no key to tell them apart`);
  }
  await mergeStaged(connection, table, request, plan, { key, rows, replace: true });
  const target = quoteTable(request.name);
  const match = key.map((column) => `s.${quote(column)} = t.${quote(column)}`).join(" AND ");
  const absent = `NOT EXISTS (SELECT FROM ${stagingTable} s WHERE ${match})`;
  for (const { table: other, columns, referenced, cascades } of references) {
    if (!cascades) continue;
    const join = columns
      .map((column, index) => `c.${quote(column)} = t.${quote(referenced[index] ?? "")}`)
      .join(" AND ");
    const [hit] = await connection.run(`SELECT 1 FROM ${other} c JOIN ${target} t ON ${join} WHERE ${absent} LIMIT 1`);
    if (hit) throw refuseReferenced(request, `rows of ${other} would be deleted or changed by its foreign key`);
  }
  await connection.run(`DELETE FROM ${target} t WHERE ${absent}`);
}

function refuseReferenced({ frame, name }: SaveRequest, why: string): ConflictError {
  return new ConflictError(`The rows of ${frame} can't be replaced: ${why}.`, {
    storage: "postgres",
    frame,
    code: "NAME_CONFLICT",
    hint: `Delete those rows first by hand, or save with mode "upsert" and a key. By hand: DELETE FROM ${quoteTable(name)} WHERE …`,
  });
}
