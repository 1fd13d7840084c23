import { SchemaError } from "../errors.ts";
import { freeName } from "./conform.ts";
import { type DataFrame, type Expr, type LazyDataFrame, pl } from "./polars.ts";
import { details, type FramePlace, typesOf } from "./schema.ts";
import { exactColumn } from "./time-range.ts";

/**
 * Asserts that the key columns are there and that no row lacks a value of them or has another row's key. NaN counts as
 * lacking, -0 as 0.
 *
 * @throws SchemaError KEY_INVALID that names the first row.
 */
export async function requireKey(
  df: DataFrame,
  key: readonly string[],
  place: FramePlace = {},
  where = "the frame",
): Promise<void> {
  const fail = (problem: string): never => {
    throw new SchemaError(`The key ${key.map((name) => `"${name}"`).join(", ")}: ${problem} in ${where}.`, {
      ...details(place),
      code: "KEY_INVALID",
      hint: "A key needs a value in every row, and no two rows with the same.",
    });
  };
  const types = typesOf(df);
  for (const name of key) if (!df.columns.includes(name)) fail(`there is no column "${name}"`);
  if (new Set(key).size < key.length) fail("a column is named twice");
  if (df.height === 0) return;
  const rowColumn = freeName(new Map(key.map((name) => [name, true])));
  const keys = df.lazy().select(key.map(exactColumn)).withRowIndex(rowColumn);
  for (const name of key) {
    const isFloat = types[df.columns.indexOf(name)]?.kind.startsWith("float");
    const column = exactColumn(name);
    const row = await firstRow(keys, rowColumn, isFloat ? column.isNull().or(column.isNan()) : column.isNull());
    if (row !== undefined) fail(`row ${row} has no value of "${name}"`);
  }
  const row = await firstRow(keys, rowColumn, asOne(key).isFirstDistinct().not());
  if (row === undefined) return;
  const twin = await twinOf(keys, rowColumn, key, row);
  fail(`row ${twin} and row ${row} have the same`);
}

async function twinOf(keys: LazyDataFrame, rowColumn: string, key: readonly string[], row: number): Promise<number> {
  const one: LazyDataFrame = keys.slice(row, 1).select(key.map(exactColumn));
  const same = await keys
    .join(one, { on: [...key], how: "semi" })
    .select(pl.col(rowColumn).min())
    .collect();
  return Number(same.getColumn(rowColumn).get(0));
}

function asOne(key: readonly string[]): Expr {
  return key.length === 1 ? exactColumn(key[0] ?? "") : pl.struct(key.map(exactColumn));
}

async function firstRow(keys: LazyDataFrame, rowColumn: string, condition: Expr): Promise<number | undefined> {
  const found = await keys.filter(condition).select(pl.col(rowColumn)).limit(1).collect();
  return found.height > 0 ? Number(found.getColumn(rowColumn).get(0)) : undefined;
}
