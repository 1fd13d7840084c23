import type { IDataSource } from "../contracts/data-source.ts";
import type { FrameDescription, IDescribe } from "../contracts/describe.ts";
import type { FrameField } from "../contracts/frame-schema.ts";
import { sliceOf } from "../frame/access.ts";
import { records } from "../frame/records.ts";
import { schemaOf } from "../frame/schema.ts";
import { type ColumnStatistics, statisticsOf } from "../frame/statistics.ts";
import { piecesOf } from "../storages/pieces.ts";
import { cellText } from "./cell-text.ts";
import { parseFrame } from "./frame-name.ts";
import type { GlobalOptions } from "./options.ts";
import { printJson, printLines, sizeText, tableLines } from "./output.ts";
import { inSession } from "./session.ts";

/** Prints a frame's columns with their types and nulls, and its first rows. All rows are read, in pieces, to count the nulls. */
export function show(frame: string, limit: number, options: GlobalOptions): Promise<void> {
  const [storage, name] = parseFrame(frame);
  return inSession(options, async ({ factory }) => {
    const source = factory.createDataSource(storage);
    const about = "describe" in source ? await (source as IDataSource & IDescribe).describe(name) : undefined;
    const read = await readThrough(source, name, limit);
    if (options.json) return printJson({ storage, name, ...about, schema: undefined, ...read });
    printLines(pageOf(`${storage}:${name}`, about, read));
  });
}

interface Read {
  readonly rows: number;
  readonly columns: readonly (FrameField & ColumnStatistics)[];
  readonly firstRows: readonly Record<string, unknown>[];
}

async function readThrough(source: IDataSource, name: string, limit: number): Promise<Read> {
  const firstRows: Record<string, unknown>[] = [];
  let fields: readonly FrameField[] = [];
  const seen = async function* () {
    for await (const piece of piecesOf(source, name)) {
      fields = schemaOf(piece).fields.map((field, index) => ({
        ...field,
        nullable: field.nullable || fields[index]?.nullable === true,
      }));
      if (firstRows.length < limit) firstRows.push(...records(sliceOf(piece, 0, limit - firstRows.length)));
      yield piece;
    }
  };
  const { rows, columns } = await statisticsOf(seen());
  return { rows, columns: fields.map((field, i) => ({ ...field, ...(columns[i] as ColumnStatistics) })), firstRows };
}

const sparks = "▁▂▃▄▅▆▇█";

/** How the values of a column are spread: a small bar for each part between the least and the most, or the most frequent texts. */
function spreadText({ least, most, spread, frequent }: ColumnStatistics): string {
  if (frequent)
    return frequent
      .slice(0, 3)
      .map(([text]) => text)
      .join(", ");
  if (!spread || least === null) return "";
  const highest = Math.max(1, ...spread);
  const bars = spread
    .map((count) => (count === 0 ? " " : sparks[Math.min(7, Math.floor((count / highest) * 7.99))]))
    .join("");
  return `${cellText(least)} ${bars} ${cellText(most)}`;
}

function pageOf(title: string, about: FrameDescription | undefined, { rows, columns, firstRows }: Read): string[] {
  const facts = [`${title}: ${rows} rows, ${columns.length} columns`];
  if (about) facts.push(sizeText(about.bytes), `changed ${about.modified.toISOString()}`);
  if (about?.timeColumn !== undefined) facts.push(`time column ${about.timeColumn}`);
  if (about?.key) facts.push(`key ${about.key.join(", ")}`);
  const schema = tableLines(
    ["column", "type", "nulls", "values"],
    columns.map((column) => [column.name, column.type, String(column.nulls), spreadText(column)]),
    80,
  );
  const lines = [facts.join(", "), "", ...schema];
  if (firstRows.length === 0 || columns.length === 0) return lines;
  const names = columns.map(({ name }) => name);
  const first = tableLines(
    names,
    firstRows.map((row) => names.map((name) => cellText(row[name]))),
  );
  return [...lines, "", ...first];
}
