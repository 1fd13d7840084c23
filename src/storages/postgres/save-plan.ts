import type { FrameField } from "../../contracts/frame-schema.ts";
import type { RunMark } from "../../contracts/run-mark.ts";
import type { SaveMode } from "../../contracts/save-options.ts";
import { SchemaError } from "../../errors.ts";
import { parseType, sameType, typeText } from "../../frame/types.ts";
import type { Reference, ShowingView, Table, TableColumn } from "./catalog.ts";
import { describeType, fitColumn, type Step } from "./fit-column.ts";
import { type FrameColumn, frameColumns } from "./frame-columns.ts";
import { orderColumn, quote, quoteTable, type TableName } from "./identifiers.ts";
import { refuseReferenced } from "./staging.ts";
import { baseType, mappingOf, nativeType } from "./types.ts";

/** What a save asks for. */
export interface SaveRequest {
  /** The name as the user gave it. */
  readonly frame: string;
  readonly name: TableName;
  readonly fields: readonly FrameField[];
  readonly mode: SaveMode | "insertOnly";
  readonly schemaChange: "evolve" | "freeze";
  readonly widenToText: boolean;
  readonly key?: readonly string[] | undefined;
  readonly timeColumn?: string | undefined;
  readonly keepOrder: boolean;
  /** The piece of a pipeline's run that saves. */
  readonly run?: RunMark | undefined;
}

/** One statement that changes a table, and why it is needed. */
export interface PlannedStatement {
  /** The statement as it would be run. */
  readonly sql: string;
  /** Why the save needs it. */
  readonly reason: string;
}

/** The statements that fit a table to a frame, and what is kept of the frame afterwards. */
export interface SavePlan {
  /** Creates the table or changes it, before rows are put in place. */
  readonly before: readonly PlannedStatement[];
  /** After the rows of a new table: an index in one go is quicker than row by row. */
  readonly after: readonly PlannedStatement[];
  /** The frame that the table stands for after the save. */
  readonly fields: readonly FrameField[];
  /** The target's type of each of the frame's columns; where it differs from the frame's own, values are cast. */
  readonly targets: readonly string[];
  /** The rows have to go through a staging table: the table changes, values are cast, or rows go by key. */
  readonly staged: boolean;
  /** By which columns rows are told from those that are there, when they are. */
  readonly by?: readonly string[] | undefined;
  readonly key?: readonly string[] | undefined;
  readonly timeColumn?: string | undefined;
  readonly keepOrder: boolean;
}

/** What a save finds. */
export interface Found {
  /** Null when it is to be made. */
  readonly table: Table | null;
  /** Views that show the table's columns. */
  readonly views: readonly ShowingView[];
  /** Foreign keys of other tables that point at rows which a replace would delete. */
  readonly references: readonly Reference[];
  readonly hasMetadata: boolean;
}

/**
 * Plans a save: a new table from the frame's types, or what changes in the one that is there. Touches nothing.
 *
 * @throws SchemaError that lists every difference that is not allowed; ConflictError for rows that others refer to, without a key.
 */
export function planSave({ table, ...found }: Found, request: SaveRequest): SavePlan {
  return table ? planChange(table, found, request) : planCreate(request);
}

function planCreate({ name, fields, keepOrder, key, timeColumn }: SaveRequest): SavePlan {
  const targets = fields.map(({ type }) => mappingOf(parseType(type)).sql);
  const columns = fields.map(
    (field, index) => `${quote(field.name)} ${targets[index]}${field.nullable ? "" : " NOT NULL"}`,
  );
  if (keepOrder) columns.push(`${quote(orderColumn)} bigint`);
  const table = quoteTable(name);
  const after: PlannedStatement[] = [];
  if (key) {
    const sql = `ALTER TABLE ${table} ADD PRIMARY KEY (${key.map(quote).join(", ")})`;
    after.push({ sql, reason: "the frame has a key" });
  }
  if (timeColumn && key?.[0] !== timeColumn) {
    const sql = `CREATE INDEX ON ${table} (${quote(timeColumn)})`;
    after.push({ sql, reason: "reads go by the time column" });
  }
  const before = [{ sql: `CREATE TABLE ${table} (${columns.join(", ")})`, reason: "there is no such table" }];
  return { before, after, fields, targets, staged: false, key, timeColumn, keepOrder };
}

function planChange(
  table: Table,
  { references, views, hasMetadata }: Omit<Found, "table">,
  request: SaveRequest,
): SavePlan {
  const { mode, fields, name } = request;
  const present = frameColumns(table);
  if (request.schemaChange === "freeze") refuseDifferences(present, table, request);
  const problems: string[] = [];
  const steps = fields.map((field) => {
    const step = fitColumn(field, table, present, request);
    if (typeof step !== "string") {
      if (step.statement) problems.push(...refuseChange(field.name, step.statement, views, request));
      return step;
    }
    problems.push(step);
    return { field, target: mappingOf(parseType(field.type)).sql };
  });
  const missing = table.columns.filter(
    (each) => each.name !== orderColumn && !fields.some((f) => f.name === each.name),
  );
  problems.push(...missing.flatMap((column) => refuseMissing(column, request)));
  if (!hasMetadata && mode === "replace" && missing.length > 0) {
    const list = missing.map((each) => quote(each.name)).join(", ");
    problems.push(`the frame lacks ${list}, and what is kept of a frame can't be written`);
  }
  refuse(problems, request);
  const sticky = mode === "replace" ? undefined : table.kept;
  const keepOrder = request.keepOrder || (sticky?.keepOrder ?? false);
  const before = steps.flatMap(({ statement }) => (statement ? [statement] : []));
  if (keepOrder && !table.columns.some((column) => column.name === orderColumn)) {
    const sql = `ALTER TABLE ${quoteTable(name)} ADD COLUMN ${quote(orderColumn)} bigint`;
    before.push({ sql, reason: "keepOrder was asked for" });
  }
  const by = keyToGoBy(table, references, request);
  if (!by && references.length > 0) {
    const others = references.map((reference) => reference.table).join(", ");
    throw refuseReferenced(request, `${others} refers to its rows, and there is no key to tell them apart`);
  }
  if (by && !hasUnique(table, by)) {
    const sql = `CREATE UNIQUE INDEX ON ${quoteTable(name)} (${by.map(quote).join(", ")})`;
    before.push({ sql, reason: "rows are told apart by this key" });
  }
  const targets = steps.map((step) => step.target);
  const cast = fields.some(({ type }, index) => mappingOf(parseType(type)).sql !== baseType(targets[index] ?? ""));
  return {
    before,
    after: [],
    fields: mode === "replace" ? fields : mergeFields(present, steps),
    targets,
    staged: before.length > 0 || cast || by !== undefined || references.length > 0,
    by,
    key: request.key ?? sticky?.key,
    timeColumn: request.timeColumn ?? sticky?.timeColumn,
    keepOrder,
  };
}

/** Rows that others refer to are never deleted to be inserted again. */
function keyToGoBy(table: Table, references: readonly Reference[], { mode, key, fields }: SaveRequest) {
  if (mode === "upsert" || mode === "insertOnly") return key;
  if (mode !== "replace" || references.length === 0) return undefined;
  const own = key ?? (table.primaryKey.length > 0 ? table.primaryKey : undefined);
  return own?.every((column) => fields.some(({ name }) => name === column)) ? own : undefined;
}

function hasUnique({ uniqueKeys }: Table, key: readonly string[]): boolean {
  const wanted = [...key].sort().join("\0");
  return uniqueKeys.some((columns) => [...columns].sort().join("\0") === wanted);
}

function mergeFields(present: readonly FrameColumn[], steps: readonly Step[]): FrameField[] {
  const next = new Map(steps.map(({ field }) => [field.name, field]));
  const own = present.map(({ name, type, nullable }) => {
    const field = next.get(name);
    next.delete(name);
    return field ? { ...field, nullable: field.nullable || nullable } : { name, type: typeText(type), nullable: true };
  });
  return [...own, ...[...next.values()].map((field) => ({ ...field, nullable: true }))];
}

/** A column that the frame lacks becomes null, or fills itself; one that can do neither is in the way. */
function refuseMissing(column: TableColumn, { name }: SaveRequest): string[] {
  if (!column.notNull || column.fillsItself) return [];
  const remedy = `ALTER TABLE ${quoteTable(name)} ALTER COLUMN ${quote(column.name)} DROP NOT NULL`;
  return [`the frame lacks ${quote(column.name)}, which may not be null (by hand: ${remedy})`];
}

/** A frozen table changes in nothing, and the server lets no column change its type that a view shows. */
function refuseChange(
  column: string,
  { sql, reason }: PlannedStatement,
  views: readonly ShowingView[],
  { schemaChange }: SaveRequest,
): string[] {
  const showing = views.filter((each) => each.column === column);
  if (showing.length === 0) {
    return schemaChange === "freeze" ? [`${quote(column)} would have to change: ${reason} (by hand: ${sql};)`] : [];
  }
  const drop = showing.map(({ view }) => `DROP ${view}`);
  const make = showing.map(({ view, definition }) => `CREATE ${view} AS ${definition.trim().replace(/;$/, "")}`);
  const byHand = ["BEGIN", ...drop, sql, ...make, "COMMIT"].join("; ");
  return [
    `${quote(column)} changes its type, and is shown by the ${showing.map(({ view }) => view).join(", ")} (by hand: ${byHand};)`,
  ];
}

function refuse(problems: readonly string[], { frame }: SaveRequest): void {
  if (problems.length === 0) return;
  throw new SchemaError(`The frame does not fit the table ${frame}: ${problems.join("; ")}.`, {
    storage: "postgres",
    frame,
    hint: "Declare the column's type where the frame is made or read (`schema`, a calculator's `input`), change the table by hand as the message says, or save under another name.",
  });
}

/** @throws SchemaError with all differences at once. */
function refuseDifferences(present: readonly FrameColumn[], { kept }: Table, { fields, frame }: SaveRequest): void {
  const own = new Map(present.map((column) => [column.name, column]));
  const given = new Set(fields.map(({ name }) => name));
  const differences = fields.flatMap(({ name, type }) => {
    const there = own.get(name);
    if (!there) return [`"${name}" (${type}) is new`];
    const given = parseType(type);
    // Where nothing is kept of the frame, PostgreSQL's own types count.
    if (sameType(there.type, given) || (!kept && baseType(there.sql) === mappingOf(given).sql)) return [];
    return [`"${name}" is ${type}, in the table ${describeType(there.sql, there.type)}`];
  });
  differences.push(...[...own].filter(([name]) => !given.has(name)).map(([name]) => `"${name}" is missing`));
  if (differences.length === 0) return;
  throw new SchemaError(`The frame differs from the table ${frame}: ${differences.join("; ")}.`, {
    storage: "postgres",
    frame,
    hint: 'Mend the frame, or save with schemaChange: "evolve".',
  });
}

/** The columns that come back in another type when nothing can be kept beside the table. */
export function unkeptTypes({ fields }: SaveRequest): string[] {
  return fields.flatMap(({ name, type }) => {
    const found = nativeType(mappingOf(parseType(type)).sql);
    return sameType(found, parseType(type)) ? [] : [`"${name}" (${type}) as ${typeText(found)}`];
  });
}
