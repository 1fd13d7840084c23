import { join } from "node:path";
import type { StoredBackup } from "../../../backups/manifest.ts";
import { isScratchName } from "../../../backups/service.ts";
import { ConflictError, CorruptDataError, SaveError, SchemaError } from "../../../errors.ts";
import { assertDistinct } from "../../../frame/names.ts";
import { describeTable, findRelation, type Relation, referencesTo, type Table, takenNames } from "../catalog.ts";
import { type Connection, readWrite } from "../database.ts";
import { deleteRows } from "../delete-rows.ts";
import { lockedName, nameLock } from "../holder.ts";
import { quote, quoteTable, refuseServersOwn, type TableName } from "../identifiers.ts";
import { boundOf, keptShape, removeKept, writeKept } from "../kept-frame.ts";
import { ensureMetadata, type MetadataRights, recordChanges } from "../metadata.ts";
import type { PostgresParts } from "../parts.ts";
import { refuseChildren } from "../save.ts";
import { insertStaged, replaceReferenced, stagingTable } from "../staging.ts";
import { widens } from "../types.ts";
import { copyFromFile, rowsFile } from "./copy-file.ts";
import { isOwnName, planCreate, type RestoreStatement, setSequence } from "./create.ts";
import { storedColumns, type TableDefinition, tableDefinition } from "./definition.ts";

/** A restore under way. */
interface Restore {
  readonly connection: Connection;
  readonly definition: TableDefinition;
  readonly name: TableName;
  /** The frame's name, for errors. */
  readonly frame: string;
  readonly rows: number;
  readonly path: string;
  /** Statements that changed the table. */
  readonly ran: string[];
}

/** What a backup says of its table. @throws CorruptDataError */
export function definitionOf(record: StoredBackup): TableDefinition {
  const parsed = tableDefinition.safeParse(record.extra);
  if (parsed.success) return parsed.data;
  throw new CorruptDataError(`The backup ${record.location} does not say how its table is made.`, {
    storage: "postgres",
    frame: record.source,
    code: "BACKUP_CORRUPT",
  });
}

/**
 * Brings a table back in one transaction: made anew as it was, or with its rows replaced when it is there, so that its views,
 * grants and indexes stay.
 */
export async function restoreTable(
  parts: PostgresParts,
  folder: string,
  record: StoredBackup,
  destination: string,
): Promise<void> {
  const { database, table, logger } = parts;
  const definition = definitionOf(record);
  const name = table(destination);
  refuseServersOwn(name, destination);
  const own = isOwnName(table(record.source), name);
  const rights = await ensureMetadata(database);
  const warnings = await database.use(
    { doing: "save", frame: destination, name, begin: readWrite },
    async (connection) => {
      await connection.run(`SELECT pg_catalog.pg_advisory_xact_lock(${nameLock})`, [lockedName(name)]);
      const path = join(folder, rowsFile);
      const restore: Restore = { connection, definition, name, frame: destination, rows: record.rows, path, ran: [] };
      const relation = await findRelation(connection, name);
      const told = relation ? await replaceRows(restore, relation) : await makeTable(restore, own);
      await keep(restore, rights, `restored from ${record.location}`);
      return told;
    },
  );
  for (const warning of warnings) logger.warn({ storage: "postgres", frame: destination }, warning);
}

async function makeTable(restore: Restore, own: boolean): Promise<string[]> {
  const { connection, definition, name, ran } = restore;
  assertDistinct(name.table, (await takenNames(connection, name.schema)) ?? [], "postgres");
  const scratch = isScratchName(name.table);
  const plan = planCreate(definition, name, { own, scratch });
  const warnings = await runAll(connection, plan.before);
  await copyAll(restore, quoteTable(name));
  warnings.push(...(await runAll(connection, plan.after)));
  if (!scratch)
    ran.push(...[...plan.before, ...plan.after].flatMap(({ sql, optional, left }) => (optional || left ? [] : [sql])));
  if (definition.left.length > 0 && !scratch)
    warnings.push(`Not restored, since a backup does not hold it: ${definition.left.join(", ")}.`);
  return warnings;
}

/** A statement that is optional is undone alone when the server refuses it. */
async function runAll(connection: Connection, statements: readonly RestoreStatement[]): Promise<string[]> {
  const { client, run } = connection;
  // The extended protocol takes one statement only, whatever a definition holds.
  const runOne = (text: string) => client.query({ text, values: [], ...{ queryMode: "extended" } });
  const warnings: string[] = [];
  await run("SET LOCAL search_path = pg_catalog");
  for (const { sql, optional, left } of statements) {
    if (left !== undefined) {
      warnings.push(`Not restored (${left}): ${sql};`);
      continue;
    }
    if (!optional) {
      await runOne(sql);
      continue;
    }
    await run("SAVEPOINT millrace_optional");
    try {
      await runOne(sql);
    } catch (cause) {
      await run("ROLLBACK TO SAVEPOINT millrace_optional");
      warnings.push(`Not restored (${cause instanceof Error ? cause.message : String(cause)}): ${sql};`);
    }
    await run("RELEASE SAVEPOINT millrace_optional");
  }
  await run("SET LOCAL search_path TO DEFAULT");
  return warnings;
}

async function copyAll({ connection, definition, path, rows, frame }: Restore, table: string): Promise<void> {
  if (storedColumns(definition).length === 0) return;
  const count = await copyFromFile(connection, { table, definition, path });
  if (count === rows) return;
  throw new SaveError(`PostgreSQL wrote ${count} of ${rows} rows of ${frame}, so nothing was restored.`, {
    storage: "postgres",
    frame,
  });
}

async function replaceRows(restore: Restore, relation: Relation): Promise<string[]> {
  const { connection, name, frame } = restore;
  if (relation.kind !== "r" && relation.kind !== "p") {
    throw new ConflictError(`${frame} is no table but a view or a foreign table, which can't be restored into.`, {
      ...{ storage: "postgres", frame, code: "NAME_CONFLICT" as const },
      hint: "Restore under another name.",
    });
  }
  const target = quoteTable(name);
  // Readers go on; other programs' writers wait.
  await connection.run(`LOCK TABLE ${target} IN SHARE ROW EXCLUSIVE MODE`);
  const table = await describeTable(connection, relation);
  await refuseChildren(connection, table, { frame, name });
  const plan = fitColumns(restore, table);
  const references = await referencesTo(connection, table.oid);
  if (plan.exact && references.length === 0) {
    await deleteRows(connection, table, restore);
    await copyAll(restore, target);
  } else {
    await stage(restore);
    if (references.length === 0) await deleteRows(connection, table, restore);
    for (const sql of plan.statements) await connection.run(sql);
    restore.ran.push(...plan.statements);
    const { columns, targets } = plan;
    const staged = { frame, name, columns, targets, rows: restore.rows };
    const key = table.primaryKey.length > 0 ? table.primaryKey : undefined;
    if (references.length > 0) await replaceReferenced(connection, table, staged, { key, references });
    else await insertStaged(connection, staged);
  }
  await raiseSequences(restore, table);
  return [];
}

async function stage(restore: Restore): Promise<void> {
  const { connection, definition } = restore;
  const columns = storedColumns(definition).map(({ name, sql }) => `${quote(name)} ${sql}`);
  await connection.run(`CREATE TEMP TABLE ${quote("millrace_staging")} (${columns.join(", ")}) ON COMMIT DROP`);
  await copyAll(restore, stagingTable);
}

/** The backup's columns beside the table's. @throws SchemaError that lists all that do not fit. */
function fitColumns({ definition, name, frame }: Restore, table: Table) {
  const target = quoteTable(name);
  const problems: string[] = [];
  const statements: string[] = [];
  const fitted = storedColumns(definition).flatMap(({ name: column, sql }) => {
    const there = table.columns.find((each) => each.name === column);
    if (!there) statements.push(`ALTER TABLE ${target} ADD COLUMN ${quote(column)} ${sql}`);
    else if (there.generated && !there.identity) return [];
    else if (!sameSql(there.sql, sql) && !widens(sql, there.sql)) {
      problems.push(`${quote(column)} is ${sql} in the backup and ${there.sql} in the table`);
    }
    return [{ column, target: there?.sql ?? sql, same: there !== undefined && sameSql(there.sql, sql) }];
  });
  const absent = table.columns.filter(({ name: column }) => !definition.columns.some((each) => each.name === column));
  for (const { name: column, notNull, fillsItself } of absent) {
    if (notNull && !fillsItself) problems.push(`the backup lacks ${quote(column)}, which may not be null`);
  }
  if (problems.length > 0) {
    throw new SchemaError(`The backup does not fit the table ${frame}: ${problems.join("; ")}.`, {
      ...{ storage: "postgres", frame },
      hint: "Restore under another name, or drop the table first: then it is made anew.",
    });
  }
  const exact =
    statements.length === 0 && fitted.every(({ same }) => same) && fitted.length === storedColumns(definition).length;
  return {
    exact,
    statements,
    columns: fitted.map(({ column }) => column),
    targets: fitted.map(({ target }) => target),
  };
}

/** A name that is qualified in the backup may not be in the table. */
function sameSql(a: string, b: string): boolean {
  return a === b || a.replace(/^\w+\./, "") === b.replace(/^\w+\./, "");
}

/** Sequences go on where they were, or where the table's are by now: no number is given twice. */
async function raiseSequences({ connection, definition, name }: Restore, table: Table): Promise<void> {
  for (const { column, value, called } of definition.sequences) {
    if (!table.columns.some((each) => each.name === column)) continue;
    const sequence = "pg_catalog.pg_get_serial_sequence($1, $2)";
    const [now] = await connection.run(`SELECT pg_catalog.pg_sequence_last_value(${sequence}::regclass) AS value`, [
      quoteTable(name),
      column,
    ]);
    const [owned] = await connection.run(`SELECT ${sequence} AS name`, [quoteTable(name), column]);
    if (!owned?.name || (now?.value && BigInt(now.value) >= BigInt(value))) continue;
    await connection.run(setSequence(name, column, value, called));
  }
}

async function keep(
  { connection, definition, name, ran }: Restore,
  rights: MetadataRights,
  reason: string,
): Promise<void> {
  const relation = await findRelation(connection, name);
  if (!relation) return;
  const changes = ran.map((sql) => ({ sql, reason }));
  if (rights.changes) await recordChanges(connection, relation.oid, name, changes);
  if (!rights.frames) return;
  const kept = keptShape.safeParse(definition.kept);
  if (!kept.success) {
    await removeKept(connection, relation.oid);
    return;
  }
  const { columns } = await describeTable(connection, relation);
  await writeKept(connection, relation.oid, name, { ...kept.data, bound: boundOf(columns) });
}
