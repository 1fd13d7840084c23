import { SchemaError } from "../errors.ts";
import { columnsOf, exactColumn, heightOf, lazyOf } from "./access.ts";
import { type DataFrame, type Expr, type LazyDataFrame, pl } from "./polars.ts";
import { details, type FramePlace, typesOf } from "./schema.ts";

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
  const names = columnsOf(df);
  for (const name of key) if (!names.includes(name)) fail(`there is no column "${name}"`);
  if (new Set(key).size < key.length) fail("a column is named twice");
  if (heightOf(df) === 0) return;
  const keys = lazyOf(df).select(keyColumns(key)).withRowIndex("row");
  for (const [index, name] of key.entries()) {
    const isFloat = types[names.indexOf(name)]?.kind.startsWith("float");
    const column = pl.col(`key ${index}`);
    const row = await firstRow(keys, isFloat ? column.isNull().or(column.isNan()) : column.isNull());
    if (row !== undefined) fail(`row ${row + 1} has no value of "${name}"`);
  }
  const on = key.map((_, index) => `key ${index}`);
  const whole = on.length === 1 ? pl.col("key 0") : pl.struct(on.map((name) => pl.col(name)));
  const row = await firstRow(keys, whole.isFirstDistinct().not());
  if (row === undefined) return;
  const one = keys.slice(row, 1).drop("row");
  const twins = await keys.join(one, { on, how: "semi" }).select(pl.col("row").min()).collect();
  fail(`row ${Number(twins.getColumn("row").get(0)) + 1} and row ${row + 1} have the same`);
}

/** The key columns under the names `key 0`, `key 1` …, which no join and no row number gets in the way of. */
export function keyColumns(key: readonly string[]): Expr[] {
  return key.map((name, index) => exactColumn(name).alias(`key ${index}`));
}

async function firstRow(keys: LazyDataFrame, condition: Expr): Promise<number | undefined> {
  const found = await keys.filter(condition).select(pl.col("row")).limit(1).collect();
  return found.height > 0 ? Number(found.getColumn("row").get(0)) : undefined;
}
