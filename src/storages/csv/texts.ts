import { stat } from "node:fs/promises";
import type { Config } from "../../config/settings.ts";
import { CorruptDataError, SchemaError } from "../../errors.ts";
import { exchangeFile } from "../../frame/exchange.ts";
import { type DataFrame, type LazyDataFrame, pl } from "../../frame/polars.ts";
import type { CsvFormat } from "./names.ts";
import type { Fault } from "./records.ts";
import { type Structure, scanStructure } from "./scan.ts";
import { unpack } from "./unpack.ts";

/** All values of a file as texts: string columns `c0`, `c1` … and what the columns are called. */
export interface Texts {
  frame: DataFrame;
  columns: { id: string; name: string }[];
}

/** A file to read, and for whom. */
export interface TextSource {
  path: string;
  /** Name of the frame, for errors. */
  frame: string;
  format: CsvFormat;
  signal?: AbortSignal | undefined;
}

/** A file that grows more than this, and over 1 GB, is taken for one that is made to fill the disk. */
const growth = 200;
const freely = 1 << 30;

const separators = [",", "\t", ";", "|"];

/** The name of the i-th column while its values are texts; names of users would be taken for patterns. */
export function columnId(i: number): string {
  return `c${i}`;
}

/** Reads a file that millrace wrote, whose columns are known. */
export async function readWritten(
  { path, format }: TextSource,
  names: readonly string[],
  rows?: number,
): Promise<Texts> {
  if (names.length === 0) return { frame: pl.DataFrame({}), columns: [] };
  const columns = names.map((name, i) => ({ id: columnId(i), name }));
  const lazy = scanTexts(path, columns, format.separator);
  const frame = await (rows === undefined ? lazy : lazy.head(rows)).collect();
  return { frame, columns };
}

/**
 * Reads a file of any program. Its structure is checked before its values are read: what polars would mend by cutting or
 * padding rows is refused.
 *
 * @throws CorruptDataError with the line; SchemaError for a column that stands twice in the header.
 */
export async function readForeign(source: TextSource, config: Config): Promise<Texts> {
  if (source.format.compression === "uncompressed") return readChecked(source);
  const { size } = await stat(source.path);
  await using unpacked = await exchangeFile(config, size * 5);
  await unpack(source, unpacked.path, Math.max(freely, size * growth));
  return await readChecked({ ...source, path: unpacked.path });
}

async function readChecked(source: TextSource): Promise<Texts> {
  const { separator, structure } = await findStructure(source);
  const columns = structure.header.map((name, i) => ({ id: columnId(i), name }));
  const twice = structure.header.find((name, i) => structure.header.indexOf(name) !== i);
  if (twice !== undefined) {
    throw new SchemaError(`The header of ${source.frame} has the column "${twice}" twice.`, {
      storage: "csv",
      frame: source.frame,
      hint: "Give each column a name of its own in the first line of the file.",
    });
  }
  const all = await scanTexts(source.path, columns, separator).collect();
  const frame = structure.blankRecords.length ? await withoutRows(all, structure.blankRecords) : all;
  if (frame.height !== structure.records) {
    throw new CorruptDataError(
      `${source.frame} has ${structure.records} rows, but ${frame.height} were read: it changed meanwhile, or is damaged.`,
      { storage: "csv", frame: source.frame },
    );
  }
  return { frame, columns };
}

/** The separator is the one of the ending, unless the header has none of it and another; then rows have to bear that out. */
async function findStructure(source: TextSource): Promise<{ separator: string; structure: Structure }> {
  const own = source.format.separator;
  const { frame, path, signal } = source;
  const structure = await scanStructure(path, { separator: own, frame, signal });
  const [title = ""] = structure.header;
  const others = separators.filter((each) => each !== own && structure.header.length === 1 && title.includes(each));
  for (const separator of others.sort((a, b) => title.split(b).length - title.split(a).length)) {
    const other = await scanStructure(path, { separator, frame, signal });
    if (!other.fault && other.header.length > 1) return { separator, structure: other };
  }
  if (structure.fault) throw raggedError(frame, structure.fault);
  return { separator: own, structure };
}

function raggedError(frame: string, { line, what }: Fault): CorruptDataError {
  return new CorruptDataError(`${frame} is damaged or no CSV: line ${line} has ${what}.`, {
    storage: "csv",
    frame,
    hint: `Mend line ${line} of the file, or export it again with fields in quotes.`,
  });
}

function scanTexts(path: string, columns: Texts["columns"], sep: string): LazyDataFrame {
  const schema = Object.fromEntries(columns.map(({ id }) => [id, pl.String]));
  return pl.scanCSV(path, {
    sep,
    schema,
    hasHeader: true,
    ignoreErrors: false,
    glob: false,
    inferSchemaLength: 0,
    cache: false,
  });
}

async function withoutRows(frame: DataFrame, rows: number[]): Promise<DataFrame> {
  const kept = frame.lazy().withRowIndex("row").filter(pl.col("row").isIn(rows).not());
  return kept.select(...frame.columns.map((id) => pl.col(id))).collect();
}
