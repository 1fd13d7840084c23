import type { SaveMode } from "../contracts/save-options.ts";
import { SchemaError } from "../errors.ts";
import { type DataFrame, type Expr, type LazyDataFrame, pl } from "./polars.ts";
import { schemaOf } from "./schema.ts";
import { type ColumnType, parseType, sameType, toPolars, typeText } from "./types.ts";
import { widerType } from "./widen.ts";

/** How a new frame joins the one that stands there, and whose they are, for errors. */
export interface MergeOptions {
  mode?: SaveMode | undefined;
  key?: readonly string[] | undefined;
  schemaChange?: "evolve" | "freeze" | undefined;
  storage: string;
  frame: string;
}

/**
 * What stands under a name after a save, for storages that write a frame whole. `old` is null for a new name.
 *
 * `replace` gives exactly `next`. `append` and `upsert` match columns by name, add new ones at the end, fill missing ones with
 * null, and widen types where nothing is lost. `upsert` replaces rows of a known key in place; the others follow in order.
 * `freeze` refuses any difference of columns, in every mode.
 *
 * @throws SchemaError SCHEMA_MISMATCH that lists all differences; KEY_INVALID for a key that is missing, null or doubled.
 */
export async function mergeFrames(old: DataFrame | null, next: DataFrame, options: MergeOptions): Promise<DataFrame> {
  const { mode = "replace", key = [], schemaChange = "evolve" } = options;
  if (mode === "upsert" || key.length > 0) await requireKey(next, key, options);
  if (!old) return next;
  if (schemaChange === "freeze") requireSameColumns(old, next, options);
  if (mode === "replace") return next;
  const [left, right] = await alignTypes(old, next, options);
  if (mode === "append") return pl.concat([left, right], { how: "diagonal" });
  await requireKey(left, key, options, "the frame that stands there");
  return upsert(left, right, key);
}

/** Asserts that the key columns are there and that no row has a null, a NaN or another row's key. */
export async function requireKey(
  frame: DataFrame,
  key: readonly string[],
  { storage, frame: name }: Pick<MergeOptions, "storage" | "frame">,
  where = "the frame",
): Promise<void> {
  const fail = (problem: string): never => {
    throw new SchemaError(`Key ${key.join(", ")}: ${problem} in ${where}.`, {
      code: "KEY_INVALID",
      storage,
      frame: name,
      hint: "A key needs a value in every row, and no two rows with the same.",
    });
  };
  const types = typesOf(frame);
  for (const column of key) if (!types.has(column)) fail(`there is no column "${column}"`);
  if (frame.height === 0) return;
  const keys = frame
    .select(...key)
    .lazy()
    .withRowIndex(rowColumn);
  for (const column of key) {
    const isFloat = /^float/.test(types.get(column)?.kind ?? "");
    const empty = isFloat ? pl.col(column).isNull().or(pl.col(column).isNan()) : pl.col(column).isNull();
    const [row] = await firstRow(keys, empty);
    if (row !== undefined) fail(`row ${row} has no value of "${column}"`);
  }
  const doubled = key.length === 1 ? pl.col(key[0] ?? "").isDuplicated() : structOf(key).isDuplicated();
  const rows = await firstRow(keys, doubled, 2);
  if (rows.length > 0) fail(`row ${rows[0]} and another one have the same`);
}

const rowColumn = "millrace row";
const placeColumn = "millrace place";

async function upsert(old: DataFrame, next: DataFrame, key: readonly string[]): Promise<DataFrame> {
  const on = [...key];
  const places = old
    .select(...on)
    .lazy()
    .withRowIndex(placeColumn);
  const placed = next
    .lazy()
    .withRowIndex(rowColumn)
    .join(places, { on, how: "left" })
    .withColumn(
      pl
        .when(pl.col(placeColumn).isNull())
        .then(pl.col(rowColumn).add(old.height))
        .otherwise(pl.col(placeColumn))
        .cast(pl.Int64)
        .alias(placeColumn),
    )
    .drop(rowColumn);
  const kept = old
    .lazy()
    .withRowIndex(placeColumn)
    .withColumn(pl.col(placeColumn).cast(pl.Int64))
    .join(next.select(...on).lazy(), { on, how: "anti" });
  const [left, right] = [await kept.collect(), await placed.collect()];
  const merged = pl.concat([left, right], { how: "diagonal" });
  return merged.lazy().sort(placeColumn).drop(placeColumn).collect();
}

/** Both frames with each shared column in the type that holds the values of both. */
async function alignTypes(old: DataFrame, next: DataFrame, options: MergeOptions): Promise<[DataFrame, DataFrame]> {
  const [before, after] = [typesOf(old), typesOf(next)];
  const casts: [Expr[], Expr[]] = [[], []];
  const problems: string[] = [];
  for (const [column, type] of after) {
    const was = before.get(column);
    if (!was || sameType(was, type)) continue;
    const wider = widerType(was, type);
    if (!wider) {
      problems.push(`column "${column}" is ${typeText(was)} there and ${typeText(type)} in the frame`);
      continue;
    }
    if (!sameType(was, wider)) casts[0].push(pl.col(column).cast(toPolars(wider), true));
    if (!sameType(type, wider)) casts[1].push(pl.col(column).cast(toPolars(wider), true));
  }
  if (problems.length > 0) throw mismatch(problems, options);
  return [await withCasts(old, casts[0]), await withCasts(next, casts[1])];
}

async function withCasts(frame: DataFrame, casts: Expr[]): Promise<DataFrame> {
  return casts.length === 0
    ? frame
    : frame
        .lazy()
        .withColumns(...casts)
        .collect();
}

function requireSameColumns(old: DataFrame, next: DataFrame, options: MergeOptions): void {
  const [before, after] = [typesOf(old), typesOf(next)];
  const problems: string[] = [];
  for (const [column, type] of after) {
    const was = before.get(column);
    if (!was) problems.push(`column "${column}" is new`);
    else if (!sameType(was, type))
      problems.push(`column "${column}" is ${typeText(was)} there and ${typeText(type)} in the frame`);
  }
  for (const column of before.keys()) if (!after.has(column)) problems.push(`column "${column}" is missing`);
  if (problems.length > 0) throw mismatch(problems, options);
}

function mismatch(problems: readonly string[], { storage, frame, schemaChange }: MergeOptions): SchemaError {
  return new SchemaError(`The frame does not fit what stands under "${frame}": ${problems.join("; ")}.`, {
    storage,
    frame,
    hint:
      schemaChange === "freeze"
        ? 'Leave out schemaChange: "freeze" to let columns change.'
        : "Cast the column, or replace.",
  });
}

function typesOf(frame: DataFrame): Map<string, ColumnType> {
  return new Map(schemaOf(frame).fields.map(({ name, type }) => [name, parseType(type)]));
}

function structOf(columns: readonly string[]): Expr {
  return pl.struct(columns.map((column) => pl.col(column)));
}

async function firstRow(keys: LazyDataFrame, condition: Expr, count = 1): Promise<number[]> {
  const found = await keys.filter(condition).select(pl.col(rowColumn)).limit(count).collect();
  return found.getColumn(rowColumn).toArray().map(Number);
}
