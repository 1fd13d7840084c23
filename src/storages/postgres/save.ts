import type { Table as ArrowTable } from "apache-arrow";
import type { Logger } from "../../contracts/logger.ts";
import type { SaveFence } from "../../contracts/run-mark.ts";
import { ConflictError, NotFoundError, UnavailableError } from "../../errors.ts";
import { assertDistinct } from "../../frame/names.ts";
import { isDone, type Marks, nextMarks, refuseOvertaken } from "../marks.ts";
import { childrenOf, describeTable, findRelation, referencesTo, type Table, takenNames, viewsOn } from "./catalog.ts";
import type { Connection, Database } from "./database.ts";
import { readWrite } from "./database.ts";
import { deleteRows } from "./delete-rows.ts";
import { lockedName, nameLock } from "./holder.ts";
import { orderColumn, quote, quoteTable } from "./identifiers.ts";
import { boundOf, writeKept } from "./kept-frame.ts";
import { marksIn } from "./marks.ts";
import { ensureMetadata, type MetadataRights, recordChanges } from "./metadata.ts";
import {
  type Found,
  type PlannedStatement,
  planSave,
  type SavePlan,
  type SaveRequest,
  unkeptTypes,
} from "./save-plan.ts";
import { copyRows } from "./save-rows.ts";
import { createStaging, insertStaged, mergeStaged, replaceReferenced, type Staged, stagingTable } from "./staging.ts";

/** How a save is carried out. */
export interface SaveRun {
  readonly rows: AsyncIterable<ArrowTable>;
  readonly logger: Logger;
  readonly signal?: AbortSignal | undefined;
  readonly onRows?: ((rows: number) => void) | undefined;
  /** Fails the transaction when this try was taken over by another process. */
  readonly fence?: Pick<SaveFence, "sql"> | undefined;
}

/**
 * Saves rows in one transaction: they and what millrace keeps of the frame become visible together. Readers go on with the old
 * rows until then and never wait for a COPY: where the table itself has to change, the rows are staged first.
 * Resolves with the number of rows of the frame.
 */
export async function saveRows(database: Database, request: SaveRequest, how: SaveRun): Promise<number> {
  const metadata = await ensureMetadata(database);
  if (!metadata.frames) warnUnkept(request, how.logger);
  const { frame } = request;
  const { name } = request;
  const first = how.fence?.sql;
  const use = { doing: "save" as const, frame, name, signal: how.signal, begin: readWrite, first };
  return database.use(use, async (connection) => {
    // All of millrace's writers on this name, also those that make the table, come one after the other.
    await connection.run(`SELECT pg_catalog.pg_advisory_xact_lock(${nameLock})`, [lockedName(name)]);
    const found = await findTarget(connection, request, metadata.frames);
    const marks = marksIn(found.table);
    const about = { storage: "postgres", frame };
    refuseOvertaken(marks, request, about);
    if (isDone(marks, request, about)) return 0;
    if (request.run && request.mode === "append" && !metadata.frames) throw unmarked(request);
    const { rows, plan } = found.table
      ? await saveIntoTable(connection, { ...found, table: found.table }, request, how)
      : await saveIntoNew(connection, planSave(found, request), request, how);
    await keep(connection, plan, { ...request, marks: nextMarks(marks, request) }, metadata);
    return rows;
  });
}

/** What a save into that table would find. */
export async function findTarget(connection: Connection, request: SaveRequest, hasMetadata: boolean): Promise<Found> {
  const table = await findTable(connection, request);
  const references = table && request.mode === "replace" ? await referencesTo(connection, table.oid) : [];
  const views = table ? await viewsOn(connection, table.oid) : [];
  return { table, references, views, hasMetadata };
}

async function findTable(connection: Connection, { name, frame }: SaveRequest): Promise<Table | null> {
  const relation = await findRelation(connection, name);
  if (!relation) {
    const taken = await takenNames(connection, name.schema);
    if (!taken) {
      throw new NotFoundError(`There is no schema "${name.schema}".`, {
        storage: "postgres",
        frame,
        hint: /^(csv|tsv)$/.test(name.table)
          ? `A name with a dot is schema.table; leave the ending of csv out: "${name.schema}".`
          : `Make it first: CREATE SCHEMA ${quote(name.schema)};`,
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

interface Saved {
  readonly rows: number;
  readonly plan: SavePlan;
}

async function saveIntoNew(connection: Connection, plan: SavePlan, request: SaveRequest, how: SaveRun): Promise<Saved> {
  const { name, fields, frame } = request;
  await runAll(connection, plan.before);
  const target = { table: quoteTable(name), fields, frame, order: plan.keepOrder ? 0n : undefined, ...how };
  const rows = await copyRows(connection, how.rows, target);
  await runAll(connection, plan.after);
  return { rows, plan };
}

async function saveIntoTable(
  connection: Connection,
  found: Found & { table: Table },
  request: SaveRequest,
  how: SaveRun,
): Promise<Saved> {
  const { name, fields, frame, mode } = request;
  const target = quoteTable(name);
  const { staged, keepOrder } = planSave(found, request);
  const order = keepOrder ? await nextOrder(connection, found.table, request) : undefined;
  let rows = 0;
  if (staged) {
    await createStaging(connection, fields, order !== undefined);
    rows = await copyRows(connection, how.rows, { table: stagingTable, fields, frame, order, ...how });
  }
  // Readers go on; other programs' writers wait, so that none of their rows is lost.
  await connection.run(`LOCK TABLE ${target} IN SHARE ROW EXCLUSIVE MODE`);
  const table = await describeTable(connection, found.table);
  const references = mode === "replace" ? await referencesTo(connection, table.oid) : [];
  if (mode === "replace") await refuseChildren(connection, table, request);
  const views = await viewsOn(connection, table.oid);
  const plan = planSave({ ...found, table, references, views }, request);
  if (plan.staged && !staged) throw changedMeanwhile(request);
  if (mode === "replace" && references.length === 0) await deleteRows(connection, table, request);
  await runAll(connection, plan.before);
  const content = stagedRows(request, plan, rows);
  if (references.length > 0) await replaceReferenced(connection, table, content, { key: plan.by, references });
  else if (plan.by) {
    const onKnown = mode === "insertOnly" ? "leave" : "replace in place";
    await mergeStaged(connection, table, content, { key: plan.by, onKnown });
  } else if (staged) await insertStaged(connection, content);
  else rows = await copyRows(connection, how.rows, { table: target, fields, frame, order, ...how });
  return { rows, plan };
}

function stagedRows({ frame, name, fields }: SaveRequest, { targets, keepOrder }: SavePlan, rows: number): Staged {
  const order = keepOrder ? { columns: [orderColumn], targets: ["bigint"] } : { columns: [], targets: [] };
  const columns = [...fields.map((field) => field.name), ...order.columns];
  return { frame, name, columns, targets: [...targets, ...order.targets], rows };
}

async function runAll({ run }: Connection, statements: readonly PlannedStatement[]): Promise<void> {
  for (const { sql } of statements) await run(sql);
}

/** A table's rows include those of the tables that inherit from it, which are not this frame's to delete. */
export async function refuseChildren(
  connection: Connection,
  table: Table,
  { frame, name }: Pick<SaveRequest, "frame" | "name">,
): Promise<void> {
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

async function keep(
  connection: Connection,
  plan: SavePlan,
  { name, frame, marks, run }: SaveRequest & { marks: Marks | undefined },
  metadata: MetadataRights,
): Promise<void> {
  const relation = await findRelation(connection, name);
  if (!relation) throw new NotFoundError(`The table ${frame} is gone.`, { storage: "postgres", frame });
  if (metadata.changes) await recordChanges(connection, relation.oid, name, [...plan.before, ...plan.after], run?.id);
  if (!metadata.frames) return;
  const { columns } = await describeTable(connection, relation);
  await writeKept(connection, relation.oid, name, {
    schema: { fields: plan.fields },
    bound: boundOf(columns),
    keepOrder: plan.keepOrder,
    ...(plan.key && { key: plan.key }),
    ...(plan.timeColumn !== undefined && { timeColumn: plan.timeColumn }),
    ...(marks && { marks }),
  });
}

/** Appending again after a kill would double rows where no mark tells that they are there. */
function unmarked({ frame }: SaveRequest): UnavailableError {
  return new UnavailableError(
    `A pipeline's append to ${frame} has to be marked, and this user may not make or write the schema millrace.`,
    {
      storage: "postgres",
      frame,
      code: "ACCESS_DENIED",
      hint: "Have somebody run: GRANT CREATE ON DATABASE … TO …; or let the pipeline upsert by a key.",
    },
  );
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
