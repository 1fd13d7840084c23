import type { Config } from "../../config/settings.ts";
import type { FrameField, FrameSchema } from "../../contracts/frame-schema.ts";
import { FidelityError } from "../../errors.ts";
import { exchangeFile } from "../../frame/exchange.ts";
import { type LazyDataFrame, pl } from "../../frame/polars.ts";
import { recodeRows } from "../recode.ts";
import { type CsvColumn, csvColumn } from "./column-types.ts";
import { type Content, contentOf } from "./kept-schema.ts";
import type { CsvFormat } from "./names.ts";
import { columnId } from "./piece.ts";
import { writeSlices } from "./slices.ts";

/** polars writes a CSV file on one thread; so slices of this many rows are written side by side. */
const sliceRows = 262_144;

/** A guess, for where there is room. */
const bytesOfField = 16;

/** What to write, and for whom. */
export interface CsvContent {
  rows: LazyDataFrame;
  schema: FrameSchema;
  /** Name of the frame, for errors. */
  frame: string;
}

/** How to write it. */
export interface CsvForm {
  format: CsvFormat;
  /** Number of rows. */
  height: number;
  config: Config;
  /** Whether the names of the columns come first. Default: true. */
  header?: boolean;
  signal?: AbortSignal | undefined;
}

/**
 * Refuses what CSV can't hold exactly, before a byte is written.
 *
 * @throws FidelityError naming column, first row and remedy.
 */
export async function refuseInexact({ rows, schema, frame }: CsvContent): Promise<void> {
  const [first] = schema.fields;
  const odd = first?.name.startsWith("\ufeff") ? first : schema.fields.find(({ name }) => name.includes("\0"));
  if (odd) {
    throw new FidelityError(
      `Column ${JSON.stringify(odd.name)} of ${frame} has a name that a CSV file can't carry in its header (above row 1).`,
      { storage: "csv", frame, hint: "Rename the column: no NUL character, and no byte order mark in front." },
    );
  }
  const lazy = plainNames(rows, schema.fields);
  for (const { column, ids, fields } of columnGroups(schema.fields)) {
    const refused = column.refused(pl.col(ids));
    if (!refused) continue;
    const found = await lazy.select(refused.where.any()).collect();
    const at = found.row(0).indexOf(true);
    if (at >= 0) throw await inexact(lazy, column, ids[at] as string, fields[at] as FrameField, frame);
  }
}

async function inexact(lazy: LazyDataFrame, column: CsvColumn, id: string, { name }: FrameField, frame: string) {
  const { where = pl.lit(false), why = "" } = column.refused(pl.col(id)) ?? {};
  const bad = await lazy.withRowIndex("row").filter(where).select(pl.col("row")).head(1).collect();
  return new FidelityError(
    `Row ${Number(bad.getColumn("row").toArray()[0]) + 1} of ${frame} has a value in column "${name}" that CSV can't hold: ${why}.`,
    { storage: "csv", frame, hint: "Change or drop the row, or save the frame to temp." },
  );
}

/**
 * Writes all rows. Nulls are empty fields and empty texts `""`; other fields are quoted where need be; floats
 * have the shortest text that reads back as them. A frame without columns is a line end.
 *
 * @returns size and hash of the file.
 */
export async function writeCsv(path: string, { rows, schema, frame }: CsvContent, form: CsvForm): Promise<Content> {
  const { format, height, config, header = true, signal } = form;
  const recodings = schema.fields.flatMap((field) => csvColumn(field).recoding("to texts", field.name));
  await using texts = await recodeRows(rows, height, recodings, { config, storage: "csv", frame, signal });
  const named = plainNames(texts.rows, schema.fields);
  if (format.compression !== "uncompressed" || height <= sliceRows) {
    await writeRows(path, named, schema, format, header);
    return contentOf(path, signal);
  }
  const start = async (i: number) => {
    const file = await exchangeFile(config, sliceRows * schema.fields.length * bytesOfField);
    const slice = named.slice(i * sliceRows, sliceRows);
    return { file, written: writeRows(file.path, slice, schema, format, header && i === 0) };
  };
  return await writeSlices(path, Math.ceil(height / sliceRows), start, signal);
}

async function writeRows(
  path: string,
  rows: LazyDataFrame,
  { fields }: FrameSchema,
  format: CsvFormat,
  includeHeader: boolean,
): Promise<void> {
  await rows
    .withColumns(...columnGroups(fields).map(({ column, ids }) => column.encode(pl.col(ids))))
    .select(pl.col(fields.map((_, i) => columnId(i))))
    .rename(Object.fromEntries(fields.map(({ name }, i) => [columnId(i), name])))
    .sinkCSV(path, {
      separator: format.separator,
      compression: format.compression,
      checkExtension: false,
      quoteStyle: "necessary",
      maintainOrder: true,
      includeHeader,
    })
    .collect();
}

/** Columns of one type, which one expression takes together: one for each of a thousand columns would take seconds. */
interface ColumnGroup {
  column: CsvColumn;
  ids: string[];
  fields: FrameField[];
}

function columnGroups(fields: readonly FrameField[]): ColumnGroup[] {
  const groups = new Map<string, ColumnGroup>();
  for (const [i, field] of fields.entries()) {
    const group = groups.get(field.type) ?? { column: csvColumn(field), ids: [], fields: [] };
    group.ids.push(columnId(i));
    group.fields.push(field);
    groups.set(field.type, group);
  }
  return [...groups.values()];
}

/** Columns `c0`, `c1` …: a column called `*` or `^x$` would be taken for a pattern. */
function plainNames(rows: LazyDataFrame, fields: readonly FrameField[]): LazyDataFrame {
  return rows.rename(Object.fromEntries(fields.map(({ name }, i) => [name, columnId(i)])));
}
