import { ConfigError, type CorruptDataError, SchemaError } from "../../errors.ts";
import { textOf } from "./bytes.ts";
import { type CsvFile, corrupt } from "./csv-file.ts";
import type { CsvReadOptions } from "./options.ts";
import { cr, type Fault, found, lf, RecordCutter, type Signs } from "./records.ts";

/** What the first lines of a file say of all of it. */
export interface Table {
  names: string[];
  signs: Signs;
  /** Where the first row begins: its byte in the text, and its line. */
  start: number;
  line: number;
  raggedRows: "error" | "null" | "drop";
}

/** The table of a frame without columns, of which the file says nothing. */
export const noTable: Table = {
  names: [],
  signs: { separator: -1, quote: -1, lineEnd: lf, point: -1, comment: null },
  start: 0,
  line: 1,
  raggedRows: "error",
};

/** The text that a file begins with. */
interface Head {
  bytes: Buffer;
  /** Bytes of text; one more follows for the cutter. */
  end: number;
  /** Whether it is all of the file. */
  whole: boolean;
}

/** A header longer than this is none: the file is no CSV, or a quote in it is never closed. */
const headerBytes = 16 << 20;
const separators = [",", "\t", ";", "|"];

/**
 * Finds separator, line ends and header.
 *
 * @param written whether millrace wrote the file: then nothing in it is a hint for other programs.
 * @throws CorruptDataError with the line; SchemaError for a name that stands twice; ConfigError for a header of other length.
 */
export async function openTable(file: CsvFile, options: CsvReadOptions, written = false): Promise<Table> {
  let least = 1;
  for (;;) {
    const head = await readHead(file, least);
    const table = readTable(file, head, written ? { ...options, separator: file.format.separator } : options, written);
    if (table) return table;
    if (least >= headerBytes) throw raggedError(file, { line: 1, what: "a header of more than 16 MB" });
    least = headerBytes;
  }
}

export function raggedError(file: CsvFile, { line, what }: Fault): CorruptDataError {
  return corrupt(
    file,
    `is damaged or no CSV: line ${line} has ${what}`,
    what.startsWith("a quote")
      ? `Mend line ${line} of the file, or give \`quote: null\` if quotes mean nothing in it.`
      : `Mend line ${line} of the file, export it again with fields in quotes, or see the option \`raggedRows\`.`,
  );
}

async function readHead(file: CsvFile, least: number): Promise<Head> {
  const parts: Buffer[] = [];
  let end = 0;
  let whole = true;
  for await (const chunk of textOf(file)) {
    if (end >= least) {
      whole = false;
      break;
    }
    parts.push(Buffer.from(chunk));
    end += chunk.length;
  }
  return { bytes: Buffer.concat([...parts, Buffer.from([lf])]), end, whole };
}

/** Null when the head ends before the header does. */
function readTable(file: CsvFile, head: Head, options: CsvReadOptions, written: boolean): Table | null {
  const hint = written ? null : /^sep=([^A-Za-z0-9"\r\n])\r?[\r\n]/i.exec(head.bytes.toString("latin1", 0, 8));
  const start = hint?.[0].length ?? 0;
  const line = hint ? 2 : 1;
  const quote = options.quote === undefined ? '"' : options.quote;
  const given = options.separator ?? hint?.[1];
  const common = {
    quote: quote === null ? -1 : quote.charCodeAt(0),
    point: (options.decimal ?? ".").charCodeAt(0),
    comment: options.comment === undefined ? null : Buffer.from(options.comment),
  };
  const lineEnd = !written && hasLoneReturns(head, start, common.quote) ? cr : lf;
  const { raggedRows = "error" } = options;
  const signsOf = (separator: string): Signs => ({ ...common, lineEnd, separator: separator.charCodeAt(0) });
  const lookWith = (separator: string) => look(head, signsOf(separator), start, line, options);
  let separator = given ?? file.format.separator;
  let seen = lookWith(separator);
  if (!given && seen.fields.length <= 1) {
    const title = seen.fields[0] ?? firstLine(head, seen.start, lineEnd);
    const count = (text: string) => title.split(text).length;
    const others = separators.filter((each) => each !== separator && title.includes(each));
    const fits = ({ fields, rows, ragged, fault }: Seen) =>
      fields.length > 1 && !fault && (ragged === 0 || (raggedRows !== "error" && ragged * 2 <= rows));
    const better = others.sort((a, b) => count(b) - count(a)).find((each) => fits(lookWith(each)));
    if (better) {
      separator = better;
      seen = lookWith(separator);
    }
  }
  if (seen.fields.length === 0) {
    if (seen.fault) throw raggedError(file, seen.fault);
    if (!head.whole) return null;
  }
  return {
    names: namesOf(file, seen.fields, options),
    signs: signsOf(separator),
    start: seen.start,
    line: seen.line,
    raggedRows,
  };
}

function firstLine({ bytes, end }: Head, start: number, lineEnd: number): string {
  const stop = bytes.subarray(0, end).indexOf(lineEnd, start);
  return bytes.toString("latin1", start, stop < 0 ? end : stop);
}

/** What a look at the head with one separator showed. */
interface Seen {
  fields: string[];
  start: number;
  line: number;
  rows: number;
  ragged: number;
  fault: Fault | undefined;
}

function look(head: Head, signs: Signs, start: number, line: number, { header = true }: CsvReadOptions): Seen {
  const cutter = new RecordCutter(signs);
  cutter.line = line;
  const seen: Seen = { fields: [], start, line, rows: 0, ragged: 0, fault: undefined };
  for (let at = start; at < head.end; at = cutter.stop) {
    const before = cutter.line;
    const what = cutter.next(head.bytes, at, head.end, head.whole);
    if (what === found.more) break;
    if (what === found.fault) {
      const first = seen.fields.length === 0;
      return { ...seen, ...(first && { start: at }), fault: cutter.fault };
    }
    if (what !== found.record) continue;
    if (seen.fields.length === 0) {
      seen.fields = cutter.texts(head.bytes);
      [seen.start, seen.line] = header === true ? [cutter.stop, cutter.line] : [at, before];
      if (header === true) continue;
    }
    seen.rows += 1;
    if (cutter.fields !== seen.fields.length) seen.ragged += 1;
  }
  return seen;
}

function namesOf(file: CsvFile, fields: string[], { header = true, onDuplicateColumns }: CsvReadOptions): string[] {
  if (Array.isArray(header) && (fields.length === 0 || fields.length === header.length)) return [...header];
  if (Array.isArray(header)) {
    const fieldCount = fields.length === 1 ? "1 field" : `${fields.length} fields`;
    throw new ConfigError(
      `header names ${header.length} columns, and the first row of ${file.frame} has ${fieldCount}.`,
      {
        storage: "csv",
        frame: file.frame,
      },
    );
  }
  if (fields.length === 0) {
    const hint = "Save the frame again, restore a backup, or remove the file.";
    throw corrupt(file, "is empty: a CSV file has at least a line with the names of its columns", hint);
  }
  if (header === false) return fields.map((_, i) => `column_${i + 1}`);
  const twice = fields.find((name, i) => fields.indexOf(name) !== i);
  if (twice === undefined) return fields;
  if (onDuplicateColumns === "rename") return distinct(fields);
  throw new SchemaError(`The header of ${file.frame} has the column "${twice}" twice.`, {
    storage: "csv",
    frame: file.frame,
    hint: 'Give each column a name of its own in the first line of the file, or the option `onDuplicateColumns: "rename"`.',
  });
}

/** x, x_2, x_3 for x, x, x; never a name that is there already. */
function distinct(names: string[]): string[] {
  const taken = new Set(names);
  const seen = new Set<string>();
  return names.map((name) => {
    if (!seen.has(name)) {
      seen.add(name);
      return name;
    }
    let number = 2;
    while (taken.has(`${name}_${number}`)) number += 1;
    taken.add(`${name}_${number}`);
    return `${name}_${number}`;
  });
}

/** Whether the only line ends outside quotes are lone carriage returns. */
function hasLoneReturns({ bytes, end }: Head, start: number, quote: number): boolean {
  if (bytes.subarray(start, end).indexOf(cr) < 0) return false;
  let inQuotes = false;
  let returns = false;
  for (let i = start; i < end; i += 1) {
    const byte = bytes[i];
    if (byte === quote) inQuotes = !inQuotes;
    else if (!inQuotes && byte === lf) return false;
    else if (!inQuotes && byte === cr) returns = true;
  }
  return returns;
}
