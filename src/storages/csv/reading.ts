import type { Config } from "../../config/settings.ts";
import type { FrameSchema } from "../../contracts/frame-schema.ts";
import { ConfigError } from "../../errors.ts";
import { heightOf, lazyOf, sliceOf } from "../../frame/access.ts";
import { type DataFrame, pl } from "../../frame/polars.ts";
import { requireColumns } from "../../frame/schema.ts";
import { applyReadOptions, resolveTimeColumn } from "../../frame/time-range.ts";
import { type CsvFile, corrupt } from "./csv-file.ts";
import type { KeptSchema } from "./kept-schema.ts";
import type { CsvReadOptions } from "./options.ts";
import { readPieces } from "./pieces.ts";
import { type ColumnPlan, planColumns, type Types } from "./plan.ts";
import { noTable, openTable, type Table } from "./table.ts";
import type { RecordWalk } from "./walk.ts";

/** What to read of a file, its schema already looked through. */
export type ReadRequest = Omit<CsvReadOptions, "schema" | "glob" | "includeFile"> & {
  schema?: FrameSchema | undefined;
  /** Name of a column to add, with the file's name as its value. */
  fileColumn?: string | undefined;
};

/** A file whose first lines were looked at. */
export interface OpenFile {
  file: CsvFile;
  table: Table;
  /** Null when another program wrote the file. */
  kept: KeptSchema | null;
  /** What was kept of the file before another program changed it. */
  edited?: FrameSchema | undefined;
}

/** Opens a file. One that millrace wrote is read as it was written. @throws ConfigError for an option that contradicts that. */
export async function openFile(file: CsvFile, kept: KeptSchema | null, request: ReadRequest): Promise<OpenFile> {
  if (!kept) {
    const decoded = { ...file, encoding: request.encoding };
    return { file: decoded, kept, table: await openTable(decoded, request) };
  }
  const { separator = file.format.separator, quote = '"', encoding = "utf-8", decimal = ".", header = true } = request;
  const asWritten = { separator: file.format.separator, quote: '"', encoding: "utf-8", decimal: ".", header: true };
  const given: Record<string, unknown> = { separator, quote, encoding, decimal, header };
  const odd = Object.entries(asWritten).find(([name, value]) => given[name] !== value)?.[0];
  if (odd !== undefined || request.comment !== undefined) {
    const name = odd ?? "comment";
    throw new ConfigError(`millrace wrote ${file.frame} itself, and not with the option ${name} that is given.`, {
      storage: "csv",
      frame: file.frame,
      hint: "Leave it out: such a file comes back exactly without any option.",
    });
  }
  return { file, kept, table: kept.schema.fields.length === 0 ? noTable : await openTable(file, {}, true) };
}

/** How a file will be read. */
export interface FilePlan {
  plans: ColumnPlan[];
  /** All columns, also those that were not asked for. */
  schema: FrameSchema;
}

/** @throws SchemaError for columns that are asked for or declared, and not there. */
export function planFile(
  { file, table, kept }: OpenFile,
  request: ReadRequest,
  types: Pick<Types, "shapes" | "sampled" | "common">,
): FilePlan {
  const { names } = table;
  const { columns, fileColumn } = request;
  const place = { storage: "csv", frame: file.frame };
  const all: Types = { ...types, frame: file.frame, kept: kept?.schema, declared: request.schema };
  const plans = planColumns(names, all);
  const added = fileColumn === undefined ? [] : [{ name: fileColumn, type: "string", nullable: false }];
  const schema = { fields: [...plans.map(({ field }) => field), ...added] };
  if (!columns) return { plans, schema };
  requireColumns(schema, columns, place);
  const timed = request.from !== undefined || request.to !== undefined;
  const time = timed ? [resolveTimeColumn(schema, request, kept?.timeColumn, place)] : [];
  return { plans: planColumns(names, { ...all, wanted: [...columns, ...time] }), schema };
}

/** What is told while a file is read. */
export interface ReadingContext {
  config: Config;
  onDropped(frame: string, walk: RecordWalk): void;
}

/** The frames of a file, narrowed to what was asked for, but for the limit. */
export async function* readFrames(
  { file, table, kept }: OpenFile,
  { plans, schema }: FilePlan,
  request: ReadRequest,
  { config, onDropped }: ReadingContext,
): AsyncGenerator<DataFrame> {
  const { columns, from, to, timeColumn, nullTimes, fileColumn, signal } = request;
  const part = { columns, from, to, timeColumn, nullTimes };
  const narrows = Object.values(part).some((each) => each !== undefined);
  const reading = { file: { ...file, signal }, table, plans, config };
  let rows = 0;
  for await (const piece of readPieces({ ...reading, onDropped: (walk) => onDropped(file.frame, walk) })) {
    rows += heightOf(piece);
    const whole =
      fileColumn === undefined
        ? lazyOf(piece)
        : lazyOf(piece).withColumn(pl.lit(file.frame).cast(pl.String).alias(fileColumn));
    const narrowed = narrows
      ? applyReadOptions(whole, schema, dropUndefined(part), kept?.timeColumn, { storage: "csv", frame: file.frame })
      : whole;
    yield narrows || fileColumn !== undefined ? await narrowed.collect() : piece;
    signal?.throwIfAborted();
  }
  if (kept && plans.some(({ wanted }) => wanted) && rows !== kept.rows) {
    throw corrupt(
      file,
      `was written with ${kept.rows} rows and has ${rows}`,
      "Save the frame again, or restore a backup.",
    );
  }
}

/** The first `limit` rows; at least one frame, for its columns. */
export async function* firstRows(
  frames: AsyncIterable<DataFrame>,
  limit: number | undefined,
): AsyncGenerator<DataFrame> {
  let rows = 0;
  for await (const frame of frames) {
    const height = heightOf(frame);
    if (limit !== undefined && rows + height >= limit) {
      yield sliceOf(frame, 0, limit - rows);
      return;
    }
    rows += height;
    yield frame;
  }
}

/** The frames one below the other, without a copy of their values. */
export function joinFrames(frames: readonly DataFrame[]): DataFrame {
  const [first] = frames;
  if (first && frames.length === 1) return first;
  return pl.concat(frames.map(lazyOf), { rechunk: false, how: "vertical" }).collectSync();
}

function dropUndefined<T extends object>(options: T): T {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as T;
}
