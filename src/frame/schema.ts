import type { DeclaredSchema, FrameField, FrameSchema } from "../contracts/frame-schema.ts";
import type { ReadOptions } from "../contracts/read-options.ts";
import { type ErrorDetails, SchemaError } from "../errors.ts";
import { didYouMean } from "../system/nearest.ts";
import { columnOf, columnsOf, dtypesOf, exactColumn, ipcBytesOf, lazyOf, sliceOf } from "./access.ts";
import { arrowLibrary } from "./arrow-library.ts";
import { fromArrowField } from "./arrow-types.ts";
import { type DataFrame, pl } from "./polars.ts";
import { type ColumnType, fromPolars, parseType, typeText } from "./types.ts";

/** Where a frame comes from or goes to, for the errors. */
export interface FramePlace {
  storage?: string;
  frame?: string;
}

/** A frame's columns. Every column is nullable: a frame in memory keeps no promise about nulls. */
export function schemaOf(df: DataFrame): FrameSchema {
  const types = typesOf(df);
  return {
    fields: columnsOf(df).map((name, index) => ({ name, type: typeText(types[index] as ColumnType), nullable: true })),
  };
}

/** The type of each column, in order. */
export function typesOf(df: DataFrame): ColumnType[] {
  return (
    quickTypes(df) ??
    arrowLibrary()
      .tableFromIPC(ipcBytesOf(sliceOf(df, 0, 0)))
      .schema.fields.map(fromArrowField)
  );
}

/** What nodejs-polars says of the types, where that can be trusted; it throws on binary and enum, and shows no duration's unit. */
function quickTypes(df: DataFrame): ColumnType[] | null {
  try {
    const types = dtypesOf(df).map(fromPolars);
    return types.some((type) => typeText(type).includes("duration")) ? null : types;
  } catch {
    return null;
  }
}

/** Reads a declared schema, checks every type's text, and writes it in the one form. */
export function readSchema(declared: DeclaredSchema): FrameSchema {
  if (typeof declared !== "object" || declared === null || Array.isArray(declared)) {
    throw new SchemaError("A schema is an object of column types.", {
      hint: 'Write { price: "float64", note: "string?" }.',
    });
  }
  const fields = isWhole(declared) ? declared.fields : Object.entries(declared).map(fieldOf);
  const seen = new Set<string>();
  for (const { name } of fields) {
    if (seen.has(name)) throw new SchemaError(`The schema names the column "${name}" twice.`);
    seen.add(name);
  }
  return {
    fields: fields.map(({ name, type, nullable }) => {
      const text = typeText(parseType(type));
      return { name, type: text, nullable: nullable || text === "null" };
    }),
  };
}

function fieldOf([name, text]: [string, unknown]): FrameField {
  if (typeof text === "string") return { name, type: text.replace(/\?$/, ""), nullable: text.endsWith("?") };
  throw new SchemaError(`A schema names the type of each column as a text; that of "${name}" is none.`, {
    hint: 'Write { price: "float64", note: "string?" }, or frameSchema of that. A validator such as a zod object goes into frame() and rows().',
  });
}

function isWhole(declared: DeclaredSchema): declared is FrameSchema {
  return Array.isArray(declared.fields);
}

/** @throws SchemaError naming every column that the schema lacks, with the nearest one. */
export function requireColumns(schema: FrameSchema, columns: readonly string[], place: FramePlace = {}): void {
  const names = schema.fields.map((field) => field.name);
  const missing = columns.filter((column) => !names.includes(column));
  if (missing.length === 0) return;
  const which = missing.map((column) => `"${column}"`).join(", ");
  throw new SchemaError(`There is no column ${which}.${didYouMean(missing[0] ?? "", names)}`, {
    ...details(place),
    hint: `The columns are ${names.map((name) => `"${name}"`).join(", ")}.`,
  });
}

/**
 * Refuses what is no frame, before anything is done with it.
 *
 * @throws SchemaError when `value` is no DataFrame of nodejs-polars.
 */
export function requireFrame(value: unknown, storage?: string, name?: string): asserts value is DataFrame {
  if (pl.DataFrame.isDataFrame(value)) return;
  const tag = Object.prototype.toString.call(value).slice(8, -1);
  const lazy = tag === "LazyDataFrame";
  throw new SchemaError(`A DataFrame was expected, not ${lazy ? "a LazyDataFrame" : value === null ? "null" : tag}.`, {
    ...details({ ...(storage && { storage }), ...(name && { frame: name }) }),
    hint: lazy ? "Call `await lazy.collect()` first." : "Make one with `frame(rows)`.",
  });
}

/**
 * Checks a frame against a declared schema, by name; the order of columns does not matter. With `others`, there may be columns
 * that the schema does not name.
 *
 * @throws SchemaError that lists every difference: columns missing or too many, other types, nulls where none may be.
 */
export function assertSchema(
  df: DataFrame,
  declared: DeclaredSchema,
  place: FramePlace = {},
  { others = false }: { others?: boolean } = {},
): void {
  const schema = readSchema(declared);
  const named = new Set(schema.fields.map(({ name }) => name));
  const found = schemaOf(df).fields.filter(({ name }) => !others || named.has(name));
  const differences = schemaDifferences(schema.fields, found, "the schema", "the frame");
  for (const { name, nullable } of schema.fields) {
    if (!nullable && columnsOf(df).includes(name) && columnOf(df, name).nullCount() > 0) {
      differences.push(`"${name}" holds a null in row ${firstNull(df, name) + 1}, which the schema does not allow`);
    }
  }
  if (differences.length === 0) return;
  throw new SchemaError(`The frame does not fit its schema: ${differences.join("; ")}.`, {
    ...details(place),
    hint: 'Change the frame or the schema; "?" after a type allows nulls.',
  });
}

function firstNull(df: DataFrame, name: string): number {
  const nulls = lazyOf(df).select(exactColumn(name).isNull().alias("null")).withRowIndex("row").filter(pl.col("null"));
  return Number(columnOf(nulls.head(1).collectSync(), "row").get(0));
}

/** Checks what was read against the types that the reader declared, of those columns that were asked for. */
export function assertRead(df: DataFrame, { schema, columns }: ReadOptions, place: FramePlace): void {
  if (!schema) return;
  const { fields } = readSchema(schema);
  const wanted = fields.filter(({ name }) => !columns || columns.includes(name));
  assertSchema(df, { fields: wanted }, place, { others: true });
}

/** Every difference of two column lists by name, in words. */
export function schemaDifferences(
  wanted: readonly FrameField[],
  found: readonly FrameField[],
  wantedName: string,
  foundName: string,
): string[] {
  const types = new Map(found.map((field) => [field.name, field.type]));
  const differences: string[] = [];
  for (const { name, type } of wanted) {
    const other = types.get(name);
    if (other === undefined) differences.push(`"${name}" is missing in ${foundName}`);
    else if (other !== type) differences.push(`"${name}" is ${type} in ${wantedName} and ${other} in ${foundName}`);
    types.delete(name);
  }
  for (const name of types.keys()) differences.push(`"${name}" is not in ${wantedName}`);
  return differences;
}

/** The part of an error's details that says where. */
export function details({ storage, frame }: FramePlace): ErrorDetails {
  return { ...(storage !== undefined && { storage }), ...(frame !== undefined && { frame }) };
}
