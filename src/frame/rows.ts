import { setImmediate as nextTurn } from "node:timers/promises";
import type { DeclaredSchema } from "../contracts/frame-schema.ts";
import type { StandardSchema } from "../contracts/standard-schema.ts";
import { columnsOf, heightOf, sliceOf } from "./access.ts";
import { type DataFrame, pl } from "./polars.ts";
import { records } from "./records.ts";
import type { RowOf } from "./row-types.ts";
import { assertSchema, requireFrame } from "./schema.ts";
import { isValidator, type RowSchema, validatedLater } from "./validate.ts";

/** Values that are turned into rows at once: some milliseconds of work. */
const sliceCells = 32_768;

/** Where rows come from: one frame, or frames one after the other, as `getBatches` gives them. */
export type RowSource = DataFrame | AsyncIterable<DataFrame> | Iterable<DataFrame>;

/**
 * The rows of a frame or of batches, one by one, each as `records` gives it, in constant memory. The event loop is free between
 * slices of some thousand rows. Leaving the loop early closes the batches.
 *
 *     for await (const row of rows(source.getBatches("prices", { schema }), schema)) …
 *
 * With a schema every frame is checked against it (`assertSchema`) before its first row, and the rows have its types. With a
 * validator, such as a zod object, each row is what the validator makes of it.
 *
 * @throws SchemaError that names what does not fit; the rows before it have been given by then.
 */
export function rows<Schema extends StandardSchema<unknown, unknown>>(
  source: RowSource,
  schema: Schema,
): AsyncGenerator<RowOf<Schema>, void, undefined>;
export function rows(
  source: RowSource,
  schema?: DeclaredSchema,
): AsyncGenerator<Record<string, unknown>, void, undefined>;
export async function* rows(source: RowSource, schema?: RowSchema): AsyncGenerator<unknown, void, undefined> {
  const validator = isValidator(schema) ? schema : undefined;
  let given = 0;
  for await (const batch of framesOf(source)) {
    requireFrame(batch);
    if (schema && !isValidator(schema)) assertSchema(batch, schema);
    const step = Math.max(1, Math.floor(sliceCells / Math.max(1, columnsOf(batch).length)));
    for (let at = 0; at < heightOf(batch); at += step) {
      const slice = records(sliceOf(batch, at, step));
      yield* validator ? await validatedLater(slice, validator, given) : slice;
      given += slice.length;
      await nextTurn();
    }
  }
}

/** A frame is iterable too, by its columns. What is neither is told as no frame. */
function framesOf(source: RowSource): AsyncIterable<DataFrame> | Iterable<DataFrame> {
  const several = typeof source === "object" && source !== null && !pl.DataFrame.isDataFrame(source);
  return several && (Symbol.asyncIterator in source || Symbol.iterator in source) ? source : [source as DataFrame];
}
