import { SchemaError } from "../errors.ts";
import { heightOf, lazyOf, sliceOf } from "./access.ts";
import { type DataFrame, pl } from "./polars.ts";
import { details, type FramePlace, schemaDifferences, schemaOf } from "./schema.ts";

/** Batches as savers take them, of any iterable of frames. @throws SchemaError for what is none: one frame, a promise. */
export function requireBatches(value: unknown, place: FramePlace = {}): AsyncIterable<DataFrame> {
  const fail = (what: string, hint: string): never => {
    throw new SchemaError(`saveBatches takes frames one after the other, not ${what}.`, { ...details(place), hint });
  };
  if (pl.DataFrame.isDataFrame(value))
    return fail("one frame", "Save it with saveData, or give it in a list: [frame].");
  if (value instanceof Promise) return fail("a promise", "Await it first; getBatches itself needs no await.");
  if (typeof value === "object" && value !== null) {
    if (Symbol.asyncIterator in value) return value as AsyncIterable<DataFrame>;
    if (Symbol.iterator in value) return oneByOne(value as Iterable<DataFrame>);
  }
  return fail(String(value), "Give what getBatches gives, or an async generator of frames.");
}

async function* oneByOne(frames: Iterable<DataFrame>): AsyncGenerator<DataFrame> {
  yield* frames;
}

/** Rows of a piece when nothing else is asked for. */
export const defaultBatchRows = 65_536;

/** Cuts a frame into pieces of at most `rows` rows, without copying. A frame without rows gives one piece, which carries its columns. */
export function* sliceFrame(df: DataFrame, rows: number = defaultBatchRows): Generator<DataFrame> {
  if (!Number.isSafeInteger(rows) || rows < 1) throw new SchemaError(`Pieces of ${rows} rows can't be cut.`);
  yield sliceOf(df, 0, rows);
  for (let at = rows; at < heightOf(df); at += rows) yield sliceOf(df, at, rows);
}

/**
 * The frames one below the other. All must have the same columns, in the same order, of the same types.
 *
 * @throws SchemaError when there is no frame, or one differs from the first.
 */
export function concatFrames(frames: readonly DataFrame[], place: FramePlace = {}): DataFrame {
  const [first, ...others] = frames;
  if (!first) throw new SchemaError("Without any frame there are no columns to make one of.", details(place));
  if (others.length === 0) return first;
  const schema = schemaOf(first);
  for (const [index, other] of others.entries()) {
    const found = schemaOf(other);
    const differences = schemaDifferences(schema.fields, found.fields, "the first batch", `batch ${index + 2}`);
    const sameOrder = schema.fields.every(({ name }, at) => found.fields[at]?.name === name);
    if (differences.length === 0 && !sameOrder) differences.push(`batch ${index + 2} has its columns in another order`);
    if (differences.length > 0) {
      throw new SchemaError(`The batches differ: ${differences.join("; ")}.`, {
        ...details(place),
        hint: "Give every batch the same columns, or declare a schema.",
      });
    }
  }
  return pl.concat(frames.map(lazyOf)).collectSync();
}
