import { stat } from "node:fs/promises";
import type { Config } from "../config/settings.ts";
import type { FrameSchema } from "../contracts/frame-schema.ts";
import { SchemaError } from "../errors.ts";
import { heightOf, lazyOf } from "../frame/access.ts";
import { requireBatches } from "../frame/batches.ts";
import { exchangeFile } from "../frame/exchange.ts";
import { frame as makeFrame } from "../frame/frame.ts";
import { scanIpc, writeIpc } from "../frame/ipc.ts";
import { type DataFrame, type LazyDataFrame, pl } from "../frame/polars.ts";
import { assertSchema, requireFrame, schemaOf } from "../frame/schema.ts";

/** Rows that lie on disk until they are saved. Disposing removes them. */
export interface Spilled extends AsyncDisposable {
  rows: LazyDataFrame;
  schema: FrameSchema;
  height: number;
}

/** Whose batches they are, and what they have to look like. */
export interface SpillOptions {
  config: Config;
  storage: string;
  frame: string;
  schema?: FrameSchema | undefined;
  signal?: AbortSignal | undefined;
  onRows?: ((rows: number) => void) | undefined;
}

/**
 * Takes batches one by one and keeps each as an Arrow file, so that no more than one is in memory. All have the columns
 * and types of the first.
 *
 * @throws SchemaError when there is no batch and no schema, or one differs.
 */
export async function spillBatches(batches: AsyncIterable<DataFrame>, options: SpillOptions): Promise<Spilled> {
  await using files = new AsyncDisposableStack();
  const { storage, frame, signal } = options;
  const parts: LazyDataFrame[] = [];
  let first: FrameSchema | undefined;
  let height = 0;
  let bytes = 0;
  for await (const batch of requireBatches(batches, { storage, frame })) {
    signal?.throwIfAborted();
    requireFrame(batch, storage, frame);
    const schema = schemaOf(batch);
    if (options.schema) assertSchema(batch, options.schema, { storage, frame });
    first ??= schema;
    requireSame(first, schema, parts.length, options);
    const rows = heightOf(batch);
    const hint = rows * schema.fields.length * bytesOfValue;
    // What is in memory (/dev/shm) stays small; the rest lies in FS_TEMP.
    const file = files.use(
      await exchangeFile(options.config, bytes > mostInMemory(options.config) ? Number.POSITIVE_INFINITY : hint),
    );
    await writeIpc(batch, file.path, { storage, frame });
    bytes += (await stat(file.path)).size;
    parts.push(await scanIpc(file.path));
    height += rows;
    options.onRows?.(height);
  }
  if (!first) return noBatch(options);
  const kept = files.move();
  return {
    rows: parts.length === 1 ? (parts[0] as LazyDataFrame) : pl.concat(parts),
    schema: first,
    height,
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

/** Batches beyond this go to FS_TEMP, however much room there is in memory. */
const mostInMemory = ({ BUDGET_MEMORY: memory = 1 << 30 }: Config): number => Math.min(256 << 20, memory / 4);

/** A guess, for where there is room. */
const bytesOfValue = 16;

function noBatch({ schema, storage, frame }: SpillOptions): Spilled {
  if (!schema) {
    throw new SchemaError(`There was no batch to save as ${frame}, and no schema that says which columns it has.`, {
      storage,
      frame,
      hint: "Give the option `schema`, so that a frame without rows can be saved.",
    });
  }
  return { rows: lazyOf(makeFrame([], schema)), schema, height: 0, async [Symbol.asyncDispose]() {} };
}

function requireSame(first: FrameSchema, schema: FrameSchema, batch: number, { storage, frame }: SpillOptions): void {
  const text = ({ fields }: FrameSchema) => fields.map(({ name, type }) => `${name} ${type}`).join(", ");
  if (text(first) === text(schema)) return;
  throw new SchemaError(
    `Batch ${batch + 1} of ${frame} has the columns ${text(schema)}; the first has ${text(first)}.`,
    { storage, frame, hint: "Give all batches the same columns, types and order." },
  );
}
