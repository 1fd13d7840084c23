import type { CorruptDataError } from "../../errors.ts";
import { type CsvFile, corrupt } from "./csv-file.ts";
import type { Fault } from "./records.ts";
import type { Table } from "./table.ts";

/** The error for bytes that make no record. */
export function faultError(file: CsvFile, { line, what }: Fault): CorruptDataError {
  return corrupt(
    file,
    `is damaged or no CSV: line ${line} has ${what}`,
    what.startsWith("a quote")
      ? `Mend line ${line} of the file, or give \`quote: null\` if quotes mean nothing in it.`
      : `Mend line ${line} of the file, or export it again with fields in quotes.`,
  );
}

/** The error for a row of other length than the header. `first`: whether no row came before it that is as the header. */
export function raggedError(
  file: CsvFile,
  table: Table,
  { line, fields, first }: { line: number; fields: number; first: boolean },
): CorruptDataError {
  const width = table.names.length;
  const what = `${fields === 1 ? "1 field" : `${fields} fields`} where the header has ${width}`;
  const mayBeTitle = table.hasHeader && fields > width && (first || width === 1);
  const title = mayBeTitle ? [titleHint(table.names[0] as string)] : [];
  const hints = width === 1 && mayBeTitle ? title : [rowHint(line, table), ...title];
  return corrupt(file, `is damaged or no CSV: line ${line} has ${what}`, hints.join(" "));
}

function rowHint(line: number, { raggedRows, guessed }: Table): string {
  const mend = `Mend line ${line} of the file, or export it again with fields in quotes`;
  const other = guessed === undefined ? "" : `, say with \`separator\` if it is not ${JSON.stringify(guessed)}`;
  if (raggedRows === "error") return `${mend}${other}, or see the option \`raggedRows\`.`;
  return `${mend}${other}: a row that is kept loses no value.`;
}

/** A header with fewer fields than the rows is often none, but a title or a comment on top. */
function titleHint(name: string): string {
  const start = /^[^\p{L}\p{N}\s"]+/u.exec(name)?.[0] ?? /^[^\s"]+/.exec(name)?.[0] ?? "#";
  const shown = JSON.stringify(name.length > 40 ? `${name.slice(0, 40)}…` : name);
  return `If the first line (${shown}) is no header, leave it out with \`comment: ${JSON.stringify(start)}\`; if there is none behind it, give the names with \`header\`.`;
}
