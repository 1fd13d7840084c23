import type { SaveMode } from "../contracts/save-options.ts";
import { SchemaError } from "../errors.ts";
import { heightOf, lazyOf } from "./access.ts";
import { conform, sharedTypes } from "./conform.ts";
import { keyColumns, requireKey } from "./key.ts";
import { type DataFrame, type LazyDataFrame, pl } from "./polars.ts";
import { type FramePlace, schemaDifferences, schemaOf } from "./schema.ts";

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
 * null, and widen types where nothing is lost (`widerType`). `upsert` replaces rows of a known key in place, whole: columns
 * that `next` lacks become null in them; the others follow in order. `freeze` refuses any difference of columns, in every mode.
 *
 * @throws SchemaError SCHEMA_MISMATCH that lists all differences; KEY_INVALID for a key that is missing, null, NaN or doubled.
 */
export async function mergeFrames(old: DataFrame | null, next: DataFrame, options: MergeOptions): Promise<DataFrame> {
  const { mode = "replace", key = [], schemaChange = "evolve", storage, frame } = options;
  const place: FramePlace = { storage, frame };
  if (mode === "upsert" && key.length === 0) {
    throw new SchemaError("An upsert needs a key.", { ...place, code: "KEY_INVALID", hint: 'Give key: ["id"].' });
  }
  if (key.length > 0) await requireKey(next, key, place);
  if (!old) return next;
  if (schemaChange === "freeze") requireSameColumns(old, next, place);
  if (mode === "replace") return next;
  const types = sharedTypes(old, next, place);
  const [before, after] = [conform(old, types), conform(next, types)];
  if (mode === "append") return pl.concat([before, after]).collect();
  await requireKey(old, key, place, "the frame that stands there");
  return upsert(before, after, heightOf(old), key);
}

/** Puts both one below the other, and takes for each old row the new one of its key, then the new ones without an old row. */
async function upsert(
  before: LazyDataFrame,
  after: LazyDataFrame,
  oldRows: number,
  key: readonly string[],
): Promise<DataFrame> {
  const on = key.map((_, index) => `key ${index}`);
  const keysOf = (frame: LazyDataFrame, index: string) => frame.select(keyColumns(key)).withRowIndex(index);
  const stacked = await pl.concat([before, after]).collect();
  const old = lazyOf(stacked).head(oldRows);
  const next = lazyOf(stacked).slice(oldRows, heightOf(stacked) - oldRows);
  const kept = await keysOf(old, "row")
    .join(keysOf(next, "place"), { on, how: "left", maintainOrder: "left" })
    .select(
      pl
        .when(pl.col("place").isNull())
        .then(pl.col("row").cast(pl.Int64))
        .otherwise(pl.col("place").cast(pl.Int64).add(pl.lit(oldRows).cast(pl.Int64)))
        .alias("row"),
    )
    .collect();
  const added = await keysOf(next, "row")
    .join(keysOf(old, "place"), { on, how: "anti", maintainOrder: "left" })
    .select(pl.col("row").cast(pl.Int64).add(pl.lit(oldRows).cast(pl.Int64)).alias("row"))
    .collect();
  const rows = pl.concat([kept, added]).getColumn("row");
  return lazyOf(stacked).select(pl.all().gather(rows)).collect();
}

function requireSameColumns(old: DataFrame, next: DataFrame, place: FramePlace): void {
  const differences = schemaDifferences(schemaOf(old).fields, schemaOf(next).fields, "what stands there", "the frame");
  if (differences.length === 0) return;
  throw new SchemaError(`The frame does not fit what stands under "${place.frame}": ${differences.join("; ")}.`, {
    ...place,
    hint: 'Leave out schemaChange: "freeze" to let columns change.',
  });
}
