import { readdir } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { isStaging } from "../../src/system/place-file.ts";

/** What killed processes have left in a folder: files not in place, and kept schemas of contents that no file has. */
export async function leftovers(folder: string): Promise<string[]> {
  const files = await readdir(folder, { recursive: true }).catch(() => []);
  const staging = files.filter((file) => isStaging(basename(file)));
  const kept = Map.groupBy(
    files.filter((file) => /\.millrace\/csv\/.*\.json$/.test(file)),
    (file) => dirname(file),
  );
  const doubled = [...kept].filter(([, all]) => all.length > 1).map(([place]) => join(place, "*.json"));
  return [...staging, ...doubled];
}
