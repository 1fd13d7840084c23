import { ConfigError, SchemaError } from "../../errors.ts";
import { type CsvFile, corrupt } from "./csv-file.ts";
import { faultError } from "./faults.ts";
import { firstLine, type Head, hasLoneReturns, look, readHead } from "./head.ts";
import type { CsvReadOptions } from "./options.ts";
import { cr, lf, type Signs } from "./records.ts";
import { findSeparator } from "./separator.ts";

/** What the first lines of a file say of all of it. */
export interface Table {
  names: string[];
  signs: Signs;
  /** Where the first row begins: its byte in the text, and its line. */
  start: number;
  line: number;
  raggedRows: "error" | "null" | "drop";
  /** Whether the names stand in the file. */
  hasHeader: boolean;
  /** The separator, where the file's ending says another. */
  guessed?: string | undefined;
}

/** The table of a frame without columns, of which the file says nothing. */
export const noTable: Table = {
  names: [],
  signs: { separator: -1, quote: -1, lineEnd: lf, point: -1, comment: null },
  start: 0,
  line: 1,
  raggedRows: "error",
  hasHeader: false,
};

/** A header longer than this is none: the file is no CSV, or a quote in it is never closed. */
const headerBytes = 16 << 20;

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
    if (least >= headerBytes) throw faultError(file, { line: 1, what: "a header of more than 16 MB" });
    least = headerBytes;
  }
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
  const signsOf = (separator: string): Signs => ({ ...common, lineEnd, separator: separator.charCodeAt(0) });
  const lookWith = (separator: string) => look(head, signsOf(separator), start, line, options);
  const own = { separator: given ?? file.format.separator, seen: lookWith(given ?? file.format.separator) };
  const title = firstLine(head, own.seen.start, lineEnd);
  const { separator, seen } = given ? own : findSeparator(file, own, title, lookWith, options);
  if (seen.fields.length === 0) {
    if (seen.fault) throw faultError(file, seen.fault);
    if (!head.whole) return null;
  }
  return {
    names: namesOf(file, seen.fields, options),
    signs: signsOf(separator),
    start: seen.start,
    line: seen.line,
    raggedRows: options.raggedRows ?? "error",
    hasHeader: (options.header ?? true) === true,
    guessed: separator === own.separator ? undefined : separator,
  };
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
