import { SchemaError } from "../../errors.ts";
import type { CsvFile } from "./csv-file.ts";
import type { Seen } from "./head.ts";
import type { CsvReadOptions } from "./options.ts";

/** A separator, and what the head looks like with it. */
export interface Parted {
  separator: string;
  seen: Seen;
}

const separators = [",", "\t", ";", "|"];

/**
 * The separator of a file: the one that parts header and first rows into the same number of fields, more than one. Where none does, and
 * that of the file's ending does not part the header either, the one that parts header and first row alike; a row that does not fit is
 * told, or goes by `raggedRows`.
 *
 * @param own what the file's ending says.
 * @param title the first line, where `own` shows no fields.
 * @throws SchemaError when two do.
 */
export function findSeparator(
  file: CsvFile,
  own: Parted,
  title: string,
  lookWith: (separator: string) => Seen,
  { raggedRows = "error", header }: CsvReadOptions,
): Parted {
  const text = own.seen.fields.length > 0 ? own.seen.fields.join("") : title;
  const others = separators.filter((each) => each !== own.separator && text.includes(each));
  const all = [own, ...others.map((separator) => ({ separator, seen: lookWith(separator) }))];
  const parting = all.filter(
    ({ seen: { fields, fault } }) =>
      fields.length > 1 && !fault && (!Array.isArray(header) || fields.length === header.length),
  );
  const even = parting.filter(({ seen }) => seen.ragged === 0);
  // An ending that says tab is no guess.
  if (own.separator === "\t" && even.includes(own)) return own;
  const sure = onlyOne(file, even);
  if (sure) return sure;
  if (own.seen.fields.length > 1) return own;
  const likely = parting.filter(
    ({ seen: { fields, firstRow, ragged, rows } }) =>
      firstRow === fields.length || (raggedRows !== "error" && ragged * 2 <= rows),
  );
  return onlyOne(file, likely) ?? own;
}

function onlyOne({ frame }: CsvFile, [first, second]: readonly Parted[]): Parted | undefined {
  if (!first || !second) return first;
  const [one, other] = [first, second].map(({ separator }) => JSON.stringify(separator));
  throw new SchemaError(
    `The first lines of ${frame} fall into fields at ${one} (${shown(first)}) and as well at ${other} (${shown(second)}).`,
    { storage: "csv", frame, hint: `Say which it is: \`separator: ${one}\` or \`separator: ${other}\`.` },
  );
}

function shown({ seen: { fields } }: Parted): string {
  const texts = fields.slice(0, 3).map((text) => JSON.stringify(text.length > 30 ? `${text.slice(0, 30)}…` : text));
  return texts.join(" ") + (fields.length > texts.length ? " …" : "");
}
