import type { ReadOptions } from "../../contracts/read-options.ts";
import { ConfigError } from "../../errors.ts";

/** How the bytes of a file stand for characters. */
export type CsvEncoding = "utf-8" | "utf-16le" | "utf-16be" | "latin1" | "windows-1252";

/** How files of other programs are to be read. What is left out is found in the file, or is as RFC 4180 says. */
export interface CsvReadOptions extends ReadOptions {
  /** One ASCII character. Left out: `,` (in .tsv a tab), or what the first lines show of `;`, tab and `|`. */
  separator?: string;
  /** One ASCII character (default `"`), or null where quotes mean nothing but themselves. */
  quote?: string | null;
  /** Left out: what the byte order mark says, else UTF-8. */
  encoding?: CsvEncoding;
  /** Lines that begin with this text are left out. */
  comment?: string;
  /** False: there is no header, and columns are called column_1, column_2 …; a list: there is none, and these are their names. */
  header?: boolean | readonly string[];
  /** What to do when the header has a name twice: refuse the file (default), or call the columns x, x_2, x_3. */
  onDuplicateColumns?: "error" | "rename";
  /**
   * What to do with rows that have fewer or more fields than the header: refuse the file (default); fill short ones with nulls and cut
   * empty fields off long ones; or drop them all, with a warning.
   */
  raggedRows?: "error" | "null" | "drop";
  /** The sign before a number's fraction (default the point). */
  decimal?: "." | ",";
  /** Reads all files whose names match (`prices/*.csv`) as one frame, in the order of their names. */
  glob?: boolean;
  /** With `glob`: adds a column of the file's name, called so; `true` is short for "file". */
  includeFile?: boolean | string;
}

/** The options that only csv has. */
export const csvReadOptions = [
  "separator",
  "quote",
  "encoding",
  "comment",
  "header",
  "onDuplicateColumns",
  "raggedRows",
  "decimal",
  "glob",
  "includeFile",
] as const satisfies readonly (keyof CsvReadOptions)[];

/** One ASCII character, but no NUL, line end or DEL. */
const isSign = (value: unknown) =>
  typeof value === "string" && value.length === 1 && !"\0\r\n".includes(value) && value.charCodeAt(0) < 0x7f;
const isSeparator = (value: unknown) => isSign(value) && !/[A-Za-z0-9."+-]/.test(value as string);
const isOneOf =
  (...values: unknown[]) =>
  (value: unknown) =>
    values.includes(value);
const isNames = (value: unknown) =>
  Array.isArray(value) &&
  value.length > 0 &&
  value.every((name) => typeof name === "string") &&
  new Set(value).size === value.length;

const rules: Record<(typeof csvReadOptions)[number], [fits: (value: unknown) => boolean, what: string]> = {
  separator: [isSeparator, "one ASCII character that is no letter, digit, point, sign or quote"],
  quote: [
    (value) => value === null || (isSign(value) && !/[A-Za-z0-9.,+-]/.test(value as string)),
    'one sign such as "\'", or null',
  ],
  encoding: [
    isOneOf("utf-8", "utf-16le", "utf-16be", "latin1", "windows-1252"),
    '"utf-8", "utf-16le", "utf-16be", "latin1" or "windows-1252"',
  ],
  comment: [(value) => typeof value === "string" && /^[^\r\n"]+$/.test(value), "a text without line ends and quotes"],
  header: [(value) => typeof value === "boolean" || isNames(value), "true, false, or a list of names, each once"],
  onDuplicateColumns: [isOneOf("error", "rename"), '"error" or "rename"'],
  raggedRows: [isOneOf("error", "null", "drop"), '"error", "null" or "drop"'],
  decimal: [isOneOf(".", ","), '"." or ","'],
  glob: [isOneOf(true, false), "true or false"],
  includeFile: [
    (value) => typeof value === "boolean" || (typeof value === "string" && value !== ""),
    "true, or a name",
  ],
};

/** Refuses a value that an option of csv can't have. @throws ConfigError */
export function assertCsvOptions(options: CsvReadOptions): void {
  for (const name of csvReadOptions) {
    const value = options[name];
    const [fits, what] = rules[name];
    if (value !== undefined && !fits(value)) throw refused(`${name} is ${what}, not ${JSON.stringify(value)}.`);
  }
  const { separator, quote, includeFile, glob } = options;
  if (separator !== undefined && separator === (quote ?? '"') && quote !== null) {
    throw refused(`separator and quote are both ${JSON.stringify(separator)}.`);
  }
  if (includeFile !== undefined && includeFile !== false && glob !== true) {
    throw refused("includeFile says which file a row is from, and only with glob there are several.");
  }
}

function refused(message: string): ConfigError {
  return new ConfigError(message, { storage: "csv" });
}
