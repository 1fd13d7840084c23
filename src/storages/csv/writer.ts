import type { Config } from "../../config/settings.ts";
import type { FrameField, FrameSchema } from "../../contracts/frame-schema.ts";
import { FidelityError } from "../../errors.ts";
import { exchangeFile } from "../../frame/exchange.ts";
import { type LazyDataFrame, pl } from "../../frame/polars.ts";
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

/**
 * Refuses what CSV can't hold exactly, before a byte is written.
 *
 * @throws FidelityError naming column, first row and remedy.
 */
export async function refuseInexact({ rows, schema, frame }: CsvContent): Promise<void> {
  const [first] = schema.fields;
  if (!first) {
    throw new FidelityError(`${frame} has no columns, and a CSV file has at least one.`, {
      storage: "csv",
      frame,
      hint: "Add a column, or save the frame to temp.",
    });
  }
  const odd = first.name.startsWith("\ufeff") ? first : schema.fields.find(({ name }) => name.includes("\0"));
  if (odd) {
    throw new FidelityError(
      `Column ${JSON.stringify(odd.name)} of ${frame} has a name that a CSV file can't carry in its header (above row 1).`,
      { storage: "csv", frame, hint: "Rename the column: no NUL character, and no byte order mark in front." },
    );
  }
  const columns = schema.fields.map((field) => csvColumn(field, frame));
  const checks = columns.flatMap((column, i) => {
    const refused = column.refused(pl.col(columnId(i)));
    return refused ? [{ id: columnId(i), column, ...refused }] : [];
  });
  if (checks.length === 0) return;
  const lazy = plainNames(rows, schema.fields);
  const found = await lazy.select(...checks.map(({ id, where }) => where.any().alias(id))).collect();
  for (const { id, column, where, why } of checks) {
    if (found.getColumn(id).toArray()[0] !== true) continue;
    const bad = await lazy.withRowIndex("row").filter(where).select(pl.col("row")).head(1).collect();
    throw new FidelityError(
      `Row ${Number(bad.getColumn("row").toArray()[0]) + 1} of ${frame} has a value in column "${column.field.name}" that CSV can't hold: ${why}.`,
      { storage: "csv", frame, hint: "Change or drop the row, or save the frame to temp." },
    );
  }
}

/**
 * Writes all rows with a header. Nulls are empty fields and empty texts `""`; other fields are quoted where need be; floats
 * have the shortest text that reads back as them.
 *
 * @returns size and hash of the file.
 */
export async function writeCsv(
  path: string,
  { rows, schema, frame }: CsvContent,
  format: CsvFormat,
  { height, config, signal }: { height: number; config: Config; signal?: AbortSignal | undefined },
): Promise<Content> {
  const columns = schema.fields.map((field): CsvColumn => csvColumn(field, frame));
  const texts = plainNames(rows, schema.fields);
  const write = (target: string, part: LazyDataFrame, includeHeader: boolean) =>
    part
      .select(...columns.map((column, i) => column.encode(pl.col(columnId(i))).alias(column.field.name)))
      .sinkCSV(target, {
        separator: format.separator,
        compression: format.compression,
        checkExtension: false,
        quoteStyle: "necessary",
        maintainOrder: true,
        includeHeader,
      })
      .collect();
  if (format.compression !== "uncompressed" || height <= sliceRows) {
    await write(path, texts, true);
    return contentOf(path, signal);
  }
  const start = async (i: number) => {
    const file = await exchangeFile(config, sliceRows * schema.fields.length * bytesOfField);
    const written = write(file.path, texts.slice(i * sliceRows, sliceRows), i === 0);
    return { file, written };
  };
  return writeSlices(path, Math.ceil(height / sliceRows), start, signal);
}

/** Columns `c0`, `c1` …: a column called `*` or `^x$` would be taken for a pattern. */
function plainNames(rows: LazyDataFrame, fields: readonly FrameField[]): LazyDataFrame {
  return rows.rename(Object.fromEntries(fields.map(({ name }, i) => [name, columnId(i)])));
}
