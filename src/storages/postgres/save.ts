import type { Table as ArrowTable } from "apache-arrow";
import type { Logger } from "../../contracts/logger.ts";
import { ConflictError, NotFoundError } from "../../errors.ts";
import { assertDistinct } from "../../frame/names.ts";
import { childrenOf, describeTable, findRelation, type Table, takenNames } from "./catalog.ts";
import type { Connection, Database } from "./database.ts";
import { readWrite } from "./database.ts";
import { orderColumn, quote, quoteTable } from "./identifiers.ts";
import { ensureMetadata, writeKept } from "./kept-frame.ts";
import { planSave, type SavePlan, type SaveRequest, unkeptTypes } from "./save-plan.ts";
import { copyRows } from "./save-rows.ts";
import {
  createStaging,
  ensureUnique,
  insertStaged,
  referencesOf,
  replaceReferenced,
  stagingTable,
  upsertStaged,
} from "./staging.ts";

/** How a save is carried out. */
export interface SaveRun {
  readonly rows: AsyncIterable<ArrowTable>;
  readonly lockTimeoutMs: number;
  readonly logger: Logger;
  readonly signal?: AbortSignal | undefined;
  readonly onRows?: ((rows: number) => void) | undefined;
}

/**
 * Saves rows in one transaction: they and what millrace keeps of the frame become visible together. Readers go on with the old
 * rows until then and never wait for a COPY: where the table itself has to change, the rows are staged first.
 * Resolves with the number of rows of the frame.
 */
export async function saveRows(database: Database, request: SaveRequest, how: SaveRun): Promise<number> {
  const hasMetadata = await ensureMetadata(database);
  if (!hasMetadata) warnUnkept(request, how.logger);
  const { frame } = request;
  const use = { doing: "save" as const, frame, signal: how.signal, begin: readWrite(how.lockTimeoutMs) };
  return database.use(use, async (connection) => {
    // All of millrace's writers on this name, also those that make the table, come one after the other.
    const { schema, table: tableName } = request.name;
    const lock = "SELECT pg_catalog.pg_advisory_xact_lock(pg_catalog.hashtextextended($1, 7105108101))";
    await connection.run(lock, [`${schema}.${tableName}`]);
    const table = await findTable(connection, request);
    const plan = planSave(table, request, hasMetadata);
    const rows = table
      ? await saveIntoTable(connection, table, plan, request, how, hasMetadata)
      : await saveIntoNew(connection, plan, request, how);
    if (hasMetadata) await keep(connection, plan, request);
    return rows;
  });
}

/** The table to save into, or null when it is to be made. */
async function findTable(connection: Connection, { name, frame }: SaveRequest): Promise<Table | null> {
  const relation = await findRelation(connection, name);
  if (!relation) {
    const taken = await takenNames(connection, name.schema);
    if (!taken) {
      throw new NotFoundError(`There is no schema "${name.schema}".`, {
        storage: "postgres",
        frame,
        hint: `Make it first: CREATE SCHEMA ${quote(name.schema)};`,
      });
    }
    assertDistinct(name.table, taken, "postgres");
    return null;
  }
  if (relation.kind !== "r" && relation.kind !== "p") {
    throw new ConflictError(`${frame} is no table but a view or a foreign table, which can't be saved to.`, {
      storage: "postgres",
      frame,
      code: "NAME_CONFLICT",
      hint: "Save under another name.",
    });
  }
  return describeTable(connection, relation);
}

async function saveIntoNew(
  connection: Connection,
  plan: SavePlan,
  request: SaveRequest,
  how: SaveRun,
): Promise<number> {
  const { name, fields, frame } = request;
  const { run } = connection;
  for (const statement of plan.statements) await run(statement);
  const target = { table: quoteTable(name), fields, frame, order: plan.keepOrder ? 0n : undefined, ...how };
  const rows = await copyRows(connection, how.rows, target);
  // Indexes after the rows: in one go is quicker than row by row.
  const { key, timeColumn } = plan;
  if (key) await run(`ALTER TABLE ${quoteTable(name)} ADD PRIMARY KEY (${key.map(quote).join(", ")})`);
  if (timeColumn && key?.[0] !== timeColumn) await run(`CREATE INDEX ON ${quoteTable(name)} (${quote(timeColumn)})`);
  return rows;
}

async function saveIntoTable(
  connection: Connection,
  found: Table,
  planned: SavePlan,
  request: SaveRequest,
  how: SaveRun,
  hasMetadata: boolean,
): Promise<number> {
  const { name, fields, frame, mode } = request;
  const target = quoteTable(name);
  const references = await referencesOf(connection, found, request);
  const staged = planned.staged || mode === "upsert" || references.length > 0;
  const order = planned.keepOrder ? await nextOrder(connection, found, request) : undefined;
  let rows = 0;
  if (staged) {
    await createStaging(connection, fields, order !== undefined);
    rows = await copyRows(connection, how.rows, { table: stagingTable, fields, frame, order, ...how });
  }
  // Readers go on; other programs' writers wait, so that none of their rows is lost.
  await connection.run(`LOCK TABLE ${target} IN SHARE ROW EXCLUSIVE MODE`);
  const table = await describeTable(connection, found);
  if (mode === "replace") await refuseChildren(connection, table, request);
  const plan = planSave(table, request, hasMetadata);
  if (plan.staged && !staged) throw changedMeanwhile(request);
  if (mode === "replace" && references.length === 0) await connection.run(`DELETE FROM ${target}`);
  for (const statement of plan.statements) await connection.run(statement);
  if (mode === "upsert") {
    const key = request.key ?? [];
    await ensureUnique(connection, table, request, key);
    await upsertStaged(connection, table, request, plan, key, rows);
  } else if (references.length > 0) await replaceReferenced(connection, table, request, plan, references, rows);
  else if (staged) await insertStaged(connection, request, plan, rows);
  else rows = await copyRows(connection, how.rows, { table: target, fields, frame, order, ...how });
  return rows;
}

/** A table's rows include those of the tables that inherit from it, which are not this frame's to delete. */
async function refuseChildren(connection: Connection, table: Table, { frame, name }: SaveRequest): Promise<void> {
  const children = await childrenOf(connection, table.oid);
  if (children.length === 0) return;
  const [first = ""] = children;
  throw new ConflictError(
    `The rows of ${frame} can't be replaced: ${children.join(", ")} inherits from it, and those rows would be deleted too.`,
    {
      storage: "postgres",
      frame,
      code: "NAME_CONFLICT",
      hint: `Save with mode "append" or "upsert", or take each out first: ALTER TABLE ${first} NO INHERIT ${quoteTable(name)};`,
    },
  );
}

/** Numbers for rows that are added go on where those that are there end. */
async function nextOrder({ run }: Connection, table: Table, { name, mode }: SaveRequest): Promise<bigint> {
  if (mode === "replace" || !table.columns.some((column) => column.name === orderColumn)) return 0n;
  const [last] = await run(`SELECT max(${quote(orderColumn)}) AS last FROM ${quoteTable(name)}`);
  return last?.last ? BigInt(last.last) + 1n : 0n;
}

async function keep(connection: Connection, plan: SavePlan, { name, frame }: SaveRequest): Promise<void> {
  const relation = await findRelation(connection, name);
  if (!relation) throw new NotFoundError(`The table ${frame} is gone.`, { storage: "postgres", frame });
  const { columns } = await describeTable(connection, relation);
  await writeKept(connection, relation.oid, name, {
    schema: { fields: plan.fields },
    bound: columns.map(({ name: column, sql }) => [column, sql] as const),
    keepOrder: plan.keepOrder,
    ...(plan.key && { key: plan.key }),
    ...(plan.timeColumn !== undefined && { timeColumn: plan.timeColumn }),
  });
}

function changedMeanwhile({ frame }: SaveRequest): ConflictError {
  return new ConflictError(`Another program changed the table ${frame} while it was being saved.`, {
    storage: "postgres",
    frame,
    hint: "Save again.",
  });
}

/** Without the right to keep anything beside the table, PostgreSQL's own types count. */
function warnUnkept(request: SaveRequest, logger: Logger): void {
  const types = unkeptTypes(request);
  if (types.length === 0 && !request.key && request.timeColumn === undefined) return;
  const list = types.length > 0 ? `these columns come back in PostgreSQL's own types: ${types.join(", ")}` : "";
  const rest = request.key || request.timeColumn !== undefined ? "key and time column are not kept" : "";
  logger.warn(
    { storage: "postgres", frame: request.frame },
    `This user may not make the schema millrace, so ${[list, rest].filter(Boolean).join(", and ")}. Have somebody run: GRANT CREATE ON DATABASE … TO …;`,
  );
}
