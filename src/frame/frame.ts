import type { FrameSchema } from "../contracts/frame-schema.ts";
import type { StandardSchema } from "../contracts/standard-schema.ts";
import { SchemaError } from "../errors.ts";
import { assemble } from "./assemble.ts";
import { describe, isRecord } from "./column.ts";
import { frameOfStream } from "./frame-builder.ts";
import { declaredParts, foundPart } from "./parts.ts";
import type { DataFrame } from "./polars.ts";
import { columnsOfRows, type Row, undeclared } from "./row-columns.ts";
import { readSchema } from "./schema.ts";
import { isValidator, type RowSchema, validated } from "./validate.ts";

export type { Row } from "./row-columns.ts";
/** Rows that come one after the other: a generator, `rows.values()`, a stream of objects. */
export type RowStream = Iterable<Row> | AsyncIterable<Row>;
/** Values by column: arrays or typed arrays, all of one length. */
export type Columns = Readonly<Record<string, ArrayLike<unknown>>>;

/**
 * Makes a frame of rows or of columns, each value exactly or not at all.
 *
 *     frame([{ ticker: "AAPL", price: 189.5 }, { ticker: "MSFT", price: null }])
 *     frame({ ticker: ["AAPL", "MSFT"], price: Float64Array.of(189.5, 402.1) })
 *     frame(rows, { ticker: "string", day: "date", price: "float64?", volume: "int64" })
 *     await frame(rows.values())        // in slices: also generators, and streams of rows
 *
 * Without a schema every value is looked at. A column is `float64` when it holds numbers (also whole ones: in JavaScript they
 * are all floats; declare `int64` for counts and ids), `int64` for bigints (`uint64` when one is too large for that),
 * `boolean`, `string`, `datetime[ms, UTC]` for Dates, `binary` for Uint8Arrays, `list[…]` for arrays, `struct{…}` for objects
 * with every field that any row has, and `null` when it holds nothing else. A typed array given as a column has its own type.
 * `null`, `undefined` and a key that a row lacks are null. The columns stand in the order in which they are first seen.
 * Different kinds of values in one column are an error.
 *
 * With a schema the frame has exactly its columns, in its order; `?` after a type allows nulls. Then also fit: whole numbers
 * into integers; `"2024-03-31"` or a Date at midnight UTC into `date`; a Date, an ISO text or a bigint of ticks into `datetime`
 * (a text without an offset is the column's own wall clock); `"09:30:00"` into `time`; a bigint of ticks into `duration`;
 * `"12.50"` into `decimal`; texts into `categorical` and `enum`; arrays and objects into `list`, `array` and `struct`.
 * No text becomes a number, and nothing is rounded or cut.
 *
 * With a validator each row is what the validator makes of it, and the types are found as without a schema.
 *
 * Rows in an array and columns are taken at once: about 1 s for 1 M rows of 8 columns; typed arrays cost next to nothing. Rows
 * from any other iterable are taken in slices, and the event loop stays free.
 *
 * @throws SchemaError that names column, row, value and type.
 */
export function frame(data: readonly Row[] | Columns, schema?: RowSchema): DataFrame;
export function frame(data: RowStream, schema?: RowSchema): Promise<DataFrame>;
export function frame(data: RowStream | readonly Row[] | Columns, schema?: RowSchema): DataFrame | Promise<DataFrame> {
  if (isIterable(data)) return frameOfStream(data, schema);
  const validator = isValidator(schema) ? schema : undefined;
  const declared = schema && !isValidator(schema) ? readSchema(schema) : undefined;
  const values = Array.isArray(data)
    ? columnsOfRows(validator ? validated(data, validator) : data, declared)
    : fromColumns(data as Columns, declared, validator);
  const height = lengthOf(values);
  return assemble(
    declared
      ? declaredParts(values, declared, height)
      : [...values].map(([name, found]) => foundPart({ name, values: found })),
    height,
  );
}

function fromColumns(
  data: Columns,
  schema: FrameSchema | undefined,
  validator: StandardSchema<unknown, unknown> | undefined,
): Map<string, ArrayLike<unknown>> {
  if (!isRecord(data)) throw new SchemaError(`A frame is made of rows or of columns, not of ${describe(data)}.`);
  if (validator) {
    throw new SchemaError("A validator looks at rows, and these are columns.", { hint: "Give an array of rows." });
  }
  const known = schema?.fields.map(({ name }) => name);
  const columns = new Map<string, ArrayLike<unknown>>(Object.entries(data));
  for (const [name, values] of columns) {
    if (known && !known.includes(name)) throw undeclared(name, known, "");
    if (!Array.isArray(values) && !(ArrayBuffer.isView(values) && !(values instanceof DataView))) {
      throw new SchemaError(`Column "${name}" is ${describe(values)}; a column is an array or a typed array.`);
    }
  }
  return columns;
}

/** An array or a text is iterable too, but the one is taken at once and the other is no rows. */
function isIterable(data: unknown): data is RowStream {
  if (typeof data !== "object" || data === null || Array.isArray(data) || ArrayBuffer.isView(data)) return false;
  return Symbol.asyncIterator in data || Symbol.iterator in data;
}

function lengthOf(columns: ReadonlyMap<string, ArrayLike<unknown>>): number {
  let first: { name: string; length: number } | undefined;
  for (const [name, { length }] of columns) {
    first ??= { name, length };
    if (first.length === length) continue;
    throw new SchemaError(`Column "${first.name}" has ${first.length} values, column "${name}" has ${length}.`);
  }
  return first?.length ?? 0;
}
