import { NotFoundError } from "../../errors.ts";
import { didYouMean } from "../../system/nearest.ts";
import { isPattern, patternHint } from "./glob.ts";
import { type CsvFolder, formatOf } from "./names.ts";

/** The error for a name that nothing has, with what may have been meant. */
export async function notFound(name: string, folder: CsvFolder): Promise<NotFoundError> {
  const alike = await folder.alike(name);
  const there = alike.length > 0 ? ` There is ${alike.map(shown).join(", ")}.` : await nearest(name, folder);
  const hint = isPattern(name) ? patternHint : alike.length > 0 ? hintOf(alike[0] as string) : undefined;
  return new NotFoundError(`There is no ${name} in ${folder.root}.${there}`, {
    storage: "csv",
    frame: name,
    ...(hint !== undefined && { hint }),
  });
}

function shown(name: string): string {
  return JSON.stringify(name);
}

function hintOf(name: string): string {
  return formatOf(name) === undefined
    ? `The ending has to be in small letters: rename ${name}.`
    : `Give the whole name, with its ending: ${shown(name)}.`;
}

async function nearest(name: string, folder: CsvFolder): Promise<string> {
  const names = await folder.list();
  return names.length === 0 ? " There are no CSV files yet." : didYouMean(name, names);
}
