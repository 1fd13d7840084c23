import { lockedName } from "../holder.ts";
import { literal, quote, quoteTable, type TableName } from "../identifiers.ts";
import type { TableDefinition } from "./definition.ts";
import { guards } from "./guards.ts";

/** A statement of a restore. One that is `optional` is told in the log when the server refuses it. */
export interface RestoreStatement {
  readonly sql: string;
  readonly optional?: boolean;
  /** Why it is not run but told in the log. */
  readonly left?: string;
}

/** What makes a table anew: before its rows are there, and after. */
export interface CreatePlan {
  readonly before: readonly RestoreStatement[];
  readonly after: readonly RestoreStatement[];
}

/**
 * Plans a table as the backup says. Names of indexes and constraints are kept when the table has its own name again; under another
 * one the server gives new names, since each can stand only once in a schema.
 */
export function planCreate(
  definition: TableDefinition,
  name: TableName,
  options: { own: boolean; scratch: boolean },
): CreatePlan {
  const table = quoteTable(name);
  const named = (kind: string, given: string) => (options.own ? ` ${kind}${quote(given)}` : "");
  const keys = definition.constraints.filter(({ kind }) => kind !== "f");
  const foreign = options.scratch ? [] : definition.constraints.filter(({ kind }) => kind === "f");
  const constraint = ({ name: given, sql, own }: TableDefinition["constraints"][number]) => {
    const definitionSql = own === null ? sql : sql.replace(`REFERENCES ${own}(`, () => `REFERENCES ${table}(`);
    return `ALTER TABLE ${table} ADD${named("CONSTRAINT ", given)} ${definitionSql}`;
  };
  return {
    before: [
      ...definition.enums.map(({ name: type, labels }) => ({ sql: createEnum(type, labels) })),
      {
        sql: `CREATE TABLE ${table} (${definition.columns.map((column) => columnSql(column, definition)).join(", ")})`,
      },
    ],
    after: [
      ...definition.columns.flatMap((column) => defaultSql(column, definition, name)),
      ...keys.map((key) => ({ sql: constraint(key) })),
      ...definition.indexes.map(({ name: given, unique, sql }) => {
        return { sql: `CREATE ${unique ? "UNIQUE " : ""}INDEX${named("", given)} ON ${table} ${sql}` };
      }),
      ...foreign.map((key) => ({ sql: constraint(key), optional: true })),
      ...(options.scratch ? [] : comments(definition, name, options.own)),
      ...(options.scratch ? [] : guards(definition, table, options.own)),
    ],
  };
}

/** Makes an enum type only when it is not there. */
function createEnum(type: string, labels: readonly string[]): string {
  const statement = `CREATE TYPE ${type} AS ENUM (${labels.map(literal).join(", ")})`;
  return `DO ${literal(`BEGIN ${statement}; EXCEPTION WHEN duplicate_object THEN NULL; END`)}`;
}

/** Defaults come after the rows, which have their values; identities and generated columns can't. */
function columnSql(column: TableDefinition["columns"][number], { sequences }: TableDefinition): string {
  const { name, sql, notNull, identity, generated, collation } = column;
  const parts = [quote(name), sql];
  if (collation) parts.push(`COLLATE ${collation}`);
  if (generated) parts.push(`GENERATED ALWAYS AS (${column.default}) ${generated === "s" ? "STORED" : "VIRTUAL"}`);
  if (identity) {
    const options = sequences.find((sequence) => sequence.column === name)?.options.replace(/^AS \w+ /, "") ?? "";
    parts.push(`GENERATED ${identity === "a" ? "ALWAYS" : "BY DEFAULT"} AS IDENTITY (${options})`);
  }
  if (notNull) parts.push("NOT NULL");
  return parts.join(" ");
}

function defaultSql(
  column: TableDefinition["columns"][number],
  { sequences }: TableDefinition,
  name: TableName,
): RestoreStatement[] {
  if (column.generated) return [];
  const sequence = sequences.find((each) => each.column === column.name);
  const statements: RestoreStatement[] = [];
  const target = `ALTER TABLE ${quoteTable(name)} ALTER COLUMN ${quote(column.name)} SET DEFAULT`;
  if (sequence && !column.identity) {
    const own = quoteTable({ schema: name.schema, table: sequenceName(name.table, column.name) });
    statements.push(
      { sql: `CREATE SEQUENCE ${own} ${sequence.options} OWNED BY ${quoteTable(name)}.${quote(column.name)}` },
      { sql: `${target} nextval(${literal(own)}::regclass)` },
    );
  } else if (column.default !== null && !column.identity) {
    statements.push({ sql: `${target} ${column.default}`, optional: true });
  }
  if (sequence) statements.push({ sql: setSequence(name, column.name, sequence.value, sequence.called) });
  return statements;
}

/** The statement that sets the sequence that a column owns. */
export function setSequence(name: TableName, column: string, value: string, called: boolean): string {
  const found = `pg_catalog.pg_get_serial_sequence(${literal(quoteTable(name))}, ${literal(column)})`;
  return `SELECT pg_catalog.setval(${found}, ${value}, ${called})`;
}

/** Cut to what PostgreSQL keeps, by characters of one byte each at most. */
function sequenceName(table: string, column: string): string {
  const cut = (text: string) =>
    Buffer.from(text)
      .subarray(0, 28)
      .toString()
      .replace(/\ufffd+$/, "");
  return `${cut(table)}_${cut(column)}_seq`;
}

function comments({ comments: all }: TableDefinition, name: TableName, own: boolean): RestoreStatement[] {
  const table = quoteTable(name);
  return all.flatMap(({ on, name: part, text }) => {
    const target = {
      table: `TABLE ${table}`,
      column: `COLUMN ${table}.${quote(part)}`,
      constraint: `CONSTRAINT ${quote(part)} ON ${table}`,
      index: `INDEX ${quoteTable({ schema: name.schema, table: part })}`,
    }[on];
    // Under another name indexes and constraints have names that the server gave.
    return own || on === "table" || on === "column"
      ? [{ sql: `COMMENT ON ${target} IS ${literal(text)}`, optional: true }]
      : [];
  });
}

/** Whether a backup goes back to where it was made. */
export function isOwnName(source: TableName, destination: TableName): boolean {
  return lockedName(source) === lockedName(destination);
}
