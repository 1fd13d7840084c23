import type { FrameSchema } from "../contracts/frame-schema.ts";
import { SchemaError } from "../errors.ts";
import { didYouMean } from "../system/nearest.ts";
import { describe, isRecord } from "./column.ts";

/** One row: a value by column. */
export type Row = Readonly<Record<string, unknown>>;

/**
 * The values of rows by column, in the order of first sight, or in the schema's. Only a row's own properties count.
 *
 * @throws SchemaError for a row that is no object, and for a column that the schema lacks. `first` is the first row's number.
 */
export function columnsOfRows(
  rows: readonly unknown[],
  schema: FrameSchema | undefined,
  first = 0,
): Map<string, unknown[]> {
  const known = schema?.fields.map(({ name }) => name);
  const columns = new Map<string, unknown[]>();
  const make = (name: string) => {
    const column: unknown[] = new Array(rows.length).fill(null);
    columns.set(name, column);
    return column;
  };
  for (const name of known ?? []) make(name);
  // Most rows have the keys of the row before, in its order: then no look-up is needed.
  let keys: string[] = [];
  let targets: unknown[][] = [];
  for (let index = 0; index < rows.length; index++) {
    const row = rows[index];
    if (!isRecord(row)) {
      throw new SchemaError(`Row ${first + index} is ${describe(row)}; a row is an object such as { ticker: "AAPL" }.`);
    }
    const own = Object.keys(row);
    if (!sameKeys(own, keys)) {
      keys = own;
      targets = own.map((name) => {
        if (known && !columns.has(name)) throw undeclared(name, known, ` in row ${first + index}`);
        return columns.get(name) ?? make(name);
      });
    }
    for (let at = 0; at < own.length; at++) (targets[at] as unknown[])[index] = row[own[at] as string];
  }
  return columns;
}

export function undeclared(name: string, known: readonly string[], where: string): SchemaError {
  return new SchemaError(`The schema has no column "${name}"${where}.${didYouMean(name, known)}`, {
    hint: "Add it to the schema, or leave it out of the data.",
  });
}

function sameKeys(a: readonly string[], b: readonly string[]): boolean {
  if (a.length !== b.length) return false;
  for (let at = 0; at < a.length; at++) if (a[at] !== b[at]) return false;
  return true;
}
