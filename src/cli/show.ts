import type { IBatchSource } from "../contracts/batches.ts";
import type { IDataSource } from "../contracts/data-source.ts";
import type { FrameDescription, IDescribe } from "../contracts/describe.ts";
import type { FrameField } from "../contracts/frame-schema.ts";
import { columnOf, heightOf, sliceOf } from "../frame/access.ts";
import type { DataFrame } from "../frame/polars.ts";
import { records } from "../frame/records.ts";
import { schemaOf } from "../frame/schema.ts";
import type { GlobalOptions } from "./options.ts";
import { printJson, printLines, sizeText, tableLines } from "./output.ts";
import { UsageError } from "./report-error.ts";
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
  readonly columns: readonly (FrameField & { readonly nulls: number })[];
  readonly firstRows: readonly Record<string, unknown>[];
}

async function readThrough(source: IDataSource, name: string, limit: number): Promise<Read> {
  const nulls = new Map<string, number>();
  const firstRows: Record<string, unknown>[] = [];
  let fields: readonly FrameField[] = [];
  let rows = 0;
  for await (const piece of piecesOf(source, name)) {
    fields = schemaOf(piece).fields.map((field, index) => ({
      ...field,
      nullable: field.nullable || fields[index]?.nullable === true,
    }));
    for (const { name } of fields) nulls.set(name, (nulls.get(name) ?? 0) + columnOf(piece, name).nullCount());
    if (firstRows.length < limit) firstRows.push(...records(sliceOf(piece, 0, limit - firstRows.length)));
    rows += heightOf(piece);
  }
  return { rows, columns: fields.map((field) => ({ ...field, nulls: nulls.get(field.name) ?? 0 })), firstRows };
}

async function* piecesOf(source: IDataSource, name: string): AsyncIterable<DataFrame> {
  let some = false;
  if ("getBatches" in source) {
    for await (const piece of (source as IDataSource & IBatchSource).getBatches(name)) {
      some = true;
      yield piece;
    }
  }
  if (!some) yield await source.getData(name);
}

function pageOf(title: string, about: FrameDescription | undefined, { rows, columns, firstRows }: Read): string[] {
  const facts = [`${title}: ${rows} rows, ${columns.length} columns`];
  if (about) facts.push(sizeText(about.bytes), `changed ${about.modified.toISOString()}`);
  if (about?.timeColumn !== undefined) facts.push(`time column ${about.timeColumn}`);
  if (about?.key) facts.push(`key ${about.key.join(", ")}`);
  const schema = tableLines(
    ["column", "type", "nulls"],
    columns.map(({ name, type, nulls }) => [name, type, String(nulls)]),
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

function cellText(value: unknown): string {
  if (value === null || value === undefined) return "null";
  if (value instanceof Date) return value.toISOString();
  if (typeof value !== "object") return String(value);
  return JSON.stringify(value, (_, inner: unknown) => (typeof inner === "bigint" ? String(inner) : inner));
}

/** A frame as it is written on the command line: `storage:name`. */
export function parseFrame(frame: string): [storage: string, name: string] {
  const colon = frame.indexOf(":");
  if (colon > 0 && colon < frame.length - 1) return [frame.slice(0, colon), frame.slice(colon + 1)];
  throw new UsageError(
    `"${frame}" is not the name of a frame.`,
    "A frame is named with its storage, as storage:name, such as csv:prices.",
    "See `millrace list` for those that are there.",
  );
}
