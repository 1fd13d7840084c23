import type { FrameField } from "../../contracts/frame-schema.ts";
import type { SaveMode } from "../../contracts/save-options.ts";
import { SchemaError } from "../../errors.ts";
import { type ColumnType, parseType, sameType, typeText } from "../../frame/types.ts";
import { widerType } from "../../frame/widen.ts";
import type { Table, TableColumn } from "./catalog.ts";
import { type FrameColumn, frameColumns } from "./frame-columns.ts";
import { orderColumn, quote, quoteTable, type TableName } from "./identifiers.ts";
import { baseType, holds, mappingOf, nativeType, widens } from "./types.ts";

/** What a save asks for. */
export interface SaveRequest {
  /** The name as the user gave it. */
  readonly frame: string;
  readonly name: TableName;
  readonly fields: readonly FrameField[];
  readonly mode: SaveMode;
  readonly schemaChange: "evolve" | "freeze";
  readonly key?: readonly string[] | undefined;
  readonly timeColumn?: string | undefined;
  readonly keepOrder: boolean;
}

/** The statements that fit a table to a frame, and what is kept of the frame afterwards. */
export interface SavePlan {
  /** Creates the table, or changes it. Each is one statement. */
  readonly statements: readonly string[];
  /** The frame that the table stands for after the save. */
  readonly fields: readonly FrameField[];
  /** The target's type of each of the frame's columns; where it differs from the frame's own, values are cast. */
  readonly targets: readonly string[];
  /** The rows have to go through a staging table: the table changes, or values are cast. */
  readonly staged: boolean;
  readonly key?: readonly string[] | undefined;
  readonly timeColumn?: string | undefined;
  readonly keepOrder: boolean;
}

/**
 * Plans a save: a new table from the frame's types, or what changes in the one that is there. Touches nothing.
 *
 * @throws SchemaError that lists every difference that is not allowed.
 */
export function planSave(table: Table | null, request: SaveRequest, hasMetadata: boolean): SavePlan {
  return table ? planChange(table, request, hasMetadata) : planCreate(request);
}

function planCreate({ name, fields, keepOrder, key, timeColumn }: SaveRequest): SavePlan {
  const targets = fields.map(({ type }) => mappingOf(parseType(type)).sql);
  const columns = fields.map((field, index) => `${quote(field.name)} ${targets[index]}`);
  if (keepOrder) columns.push(`${quote(orderColumn)} bigint`);
  const statements = [`CREATE TABLE ${quoteTable(name)} (${columns.join(", ")})`];
  return { statements, fields, targets, staged: false, key, timeColumn, keepOrder };
}

/** One of the frame's columns beside the table's. */
interface Step {
  readonly field: FrameField;
  readonly target: string;
  readonly statement?: string;
}

function planChange(table: Table, request: SaveRequest, hasMetadata: boolean): SavePlan {
  const { mode, fields, name, frame } = request;
  const present = frameColumns(table);
  if (request.schemaChange === "freeze") refuseDifferences(present, request);
  const problems: string[] = [];
  const steps = fields.map((field) => {
    const column = table.columns.find((each) => each.name === field.name);
    if (!column) return addColumn(field, request);
    const step = fitColumn(field, column, present, request);
    if (typeof step !== "string") return step;
    problems.push(step);
    return { field, target: column.sql };
  });
  const missing = table.columns.filter(
    (each) => each.name !== orderColumn && !fields.some((f) => f.name === each.name),
  );
  problems.push(...missing.flatMap((column) => refuseMissing(column, request)));
  if (!hasMetadata && mode === "replace" && missing.length > 0) {
    problems.push(
      `the frame lacks ${missing.map((each) => quote(each.name)).join(", ")}, and what is kept of a frame can't be written`,
    );
  }
  if (problems.length > 0) {
    throw new SchemaError(`The frame does not fit the table ${frame}: ${problems.join("; ")}.`, {
      storage: "postgres",
      frame,
      hint: "Change the table by hand as the message says, or save under another name.",
    });
  }
  const kept = table.kept;
  const sticky = mode === "replace" ? undefined : kept;
  const keepOrder = request.keepOrder || (sticky?.keepOrder ?? false);
  const statements = steps.flatMap(({ statement }) => (statement ? [statement] : []));
  if (keepOrder && !table.columns.some((column) => column.name === orderColumn)) {
    statements.push(`ALTER TABLE ${quoteTable(name)} ADD COLUMN ${quote(orderColumn)} bigint`);
  }
  const targets = steps.map((step) => step.target);
  const cast = fields.some((field, index) => mappingOf(parseType(field.type)).sql !== baseType(targets[index] ?? ""));
  return {
    statements,
    fields: mode === "replace" ? fields : mergeFields(present, steps),
    targets,
    staged: statements.length > 0 || cast,
    key: request.key ?? sticky?.key,
    timeColumn: request.timeColumn ?? sticky?.timeColumn,
    keepOrder,
  };
}

function addColumn(field: FrameField, { name }: SaveRequest): Step {
  const target = mappingOf(parseType(field.type)).sql;
  return { field, target, statement: `ALTER TABLE ${quoteTable(name)} ADD COLUMN ${quote(field.name)} ${target}` };
}

/** The step for a column that is there, or why there is none. */
function fitColumn(
  field: FrameField,
  column: TableColumn,
  present: readonly FrameColumn[],
  request: SaveRequest,
): Step | string {
  const given = parseType(field.type);
  if (column.generated) return `${quote(field.name)} is generated by the table`;
  const own = present.find(({ name }) => name === field.name)?.type;
  // What is kept as text only because nothing says more of it can still be the same in the table.
  const same = own?.kind === "string" && baseType(column.sql) === mappingOf(given).sql ? own : null;
  const type = request.mode === "replace" || !own ? given : (commonType(own, given) ?? same);
  if (type && type === same) return { field: { ...field, type: typeText(type) }, target: column.sql };
  if (!type) return `${quote(field.name)} is ${field.type}, in the table ${own ? typeText(own) : column.sql}`;
  const next = { ...field, type: typeText(type) };
  const needed = mappingOf(type).sql;
  if (holds(column.sql, type) || widens(needed, column.sql)) return { field: next, target: column.sql };
  const change = `ALTER TABLE ${quoteTable(request.name)} ALTER COLUMN ${quote(field.name)} TYPE ${needed}`;
  if (widens(column.sql, needed)) return { field: next, target: needed, statement: change };
  // A column that was all null fits any type.
  if (own?.kind === "null") {
    return { field: next, target: needed, statement: `${change} USING ${quote(field.name)}::${needed}` };
  }
  return `${quote(field.name)} is ${field.type}, in the table ${column.sql} (by hand: ${change} USING …)`;
}

/** The type that holds both, by the lattice of docs/postgres.md; null when there is none. */
function commonType(own: ColumnType, given: ColumnType): ColumnType | null {
  const wider = widerType(own, given);
  if (wider) return wider;
  if (own.kind === "date" && given.kind === "datetime" && given.zone === null) return given;
  if (given.kind === "date" && own.kind === "datetime" && own.zone === null) return own;
  if (isWord(own) && isWord(given)) return { kind: "string" };
  const microseconds = "unit" in own && "unit" in given && own.unit !== "ns" && given.unit !== "ns";
  if (microseconds && own.kind === "datetime" && given.kind === "datetime" && own.zone === given.zone) {
    return { ...own, unit: "us" };
  }
  if (microseconds && own.kind === "duration" && given.kind === "duration") return { ...own, unit: "us" };
  return commonDecimal(own, given);
}

/** Categories become texts where they meet others. */
function isWord({ kind }: ColumnType): boolean {
  return kind === "string" || kind === "categorical" || kind === "enum";
}

function commonDecimal(own: ColumnType, given: ColumnType): ColumnType | null {
  const [a, b] = [digitsOf(own), digitsOf(given)];
  if (!a || !b) return null;
  const scale = Math.max(a.scale, b.scale);
  const precision = Math.max(a.precision - a.scale, b.precision - b.scale) + scale;
  return precision <= 38 ? { kind: "decimal", precision, scale } : null;
}

/** Digits that hold every number of a type. */
function digitsOf(type: ColumnType): { precision: number; scale: number } | null {
  if (type.kind === "decimal") return type;
  const precision = { int8: 3, uint8: 3, int16: 5, uint16: 5, int32: 10, uint32: 10, int64: 19, uint64: 20 }[
    type.kind as "int8"
  ];
  return precision === undefined ? null : { precision, scale: 0 };
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

/** @throws SchemaError with all differences at once. */
function refuseDifferences(present: readonly FrameColumn[], { fields, frame }: SaveRequest): void {
  const own = new Map(present.map((column) => [column.name, column.type]));
  const given = new Set(fields.map(({ name }) => name));
  const differences = fields.flatMap(({ name, type }) => {
    const there = own.get(name);
    if (!there) return [`"${name}" (${type}) is new`];
    return sameType(there, parseType(type)) ? [] : [`"${name}" is ${type}, in the table ${typeText(there)}`];
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
