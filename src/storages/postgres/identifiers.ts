import { FidelityError, InvalidNameError } from "../../errors.ts";
import { checkName } from "../../frame/names.ts";

/** A table or view. */
export interface TableName {
  readonly schema: string;
  readonly table: string;
}

/** The longest name in bytes that PostgreSQL keeps whole; longer ones it cuts without an error. */
export const maxNameBytes = 63;

/** Quoted for SQL, whatever it holds. */
export function quote(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** A text of SQL, whatever it holds. */
export function literal(text: string): string {
  return `${text.includes("\\") ? " E" : ""}'${text.replaceAll("'", "''").replaceAll("\\", "\\\\")}'`;
}

/** `"schema"."table"`. */
export function quoteTable({ schema, table }: TableName): string {
  return `${quote(schema)}.${quote(table)}`;
}

/**
 * The table that a frame's name means: `x` stands in the default schema, `s.x` in the schema s.
 *
 * @throws InvalidNameError
 */
export function parseName(name: string, defaultSchema: string): TableName {
  checkName(name, { storage: "postgres", maxBytes: 2 * maxNameBytes + 1 });
  const parts = name.split(".");
  const [schema, table] = parts.length === 1 ? [defaultSchema, name] : parts;
  if (parts.length > 2 || !schema || !table) {
    throw invalid(name, "takes at most one dot, as in schema.table");
  }
  for (const part of [schema, table]) {
    const bytes = Buffer.byteLength(part);
    if (bytes > maxNameBytes) throw invalid(name, `names have at most ${maxNameBytes} bytes, not ${bytes}`);
  }
  if (schema === metadataSchema) throw invalid(name, `the schema ${metadataSchema} is millrace's own`);
  return { schema, table };
}

/**
 * A superuser could write into the server's own schemas, and what stands in those of temporary tables goes with its connection.
 *
 * @throws InvalidNameError for a table of such a schema. It can be read.
 */
export function refuseServersOwn({ schema }: TableName, frame: string): void {
  if (schema !== "information_schema" && !schema.startsWith("pg_")) return;
  throw invalid(frame, `keeps the schema ${schema} for itself`);
}

/** The frame's name of a table: without the default schema. */
export function nameOf({ schema, table }: TableName, defaultSchema: string): string {
  return schema === defaultSchema ? table : `${schema}.${table}`;
}

/** Schema of millrace's own tables. */
export const metadataSchema = "millrace";

/** The column that `keepOrder` adds. */
export const orderColumn = "millrace_row";

const systemColumns = new Set(["tableoid", "xmin", "cmin", "xmax", "cmax", "ctid", orderColumn]);

/** @throws FidelityError for a column name that PostgreSQL refuses or would cut, before anything is written. */
export function checkColumnNames(names: readonly string[], frame: string): void {
  const about = { storage: "postgres", frame };
  if (names.length > 1600) {
    throw new FidelityError(`A table has at most 1600 columns; this frame has ${names.length}.`, {
      ...about,
      hint: "Save it in parts, or with one row for each value.",
    });
  }
  for (const name of names) {
    const bytes = Buffer.byteLength(name);
    const why =
      name === ""
        ? "is empty"
        : bytes > maxNameBytes
          ? `has ${bytes} bytes; PostgreSQL keeps ${maxNameBytes}`
          : name.includes("\0")
            ? "holds a NUL"
            : systemColumns.has(name)
              ? "is one that PostgreSQL or millrace uses itself"
              : null;
    if (why) {
      throw new FidelityError(`The column name ${JSON.stringify(name)} ${why}.`, {
        ...about,
        hint: "Rename the column.",
      });
    }
  }
}

function invalid(name: string, why: string): InvalidNameError {
  return new InvalidNameError(`${JSON.stringify(name)} is no name for a table: postgres ${why}.`, {
    storage: "postgres",
    frame: name,
    hint: "Use `table` or `schema.table`.",
  });
}
