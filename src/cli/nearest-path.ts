import { readdirSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { didYouMean } from "../system/nearest.ts";

/** `Did you mean …?` with the path beside it that comes nearest; empty when none does. */
export function nearestPath(path: string, { filesOnly = false } = {}): string {
  const folder = dirname(path);
  try {
    const entries = readdirSync(folder, { withFileTypes: true });
    const names = entries.filter((entry) => !filesOnly || !entry.isDirectory()).map(({ name }) => name);
    const meant = /"(.*)"/.exec(didYouMean(basename(path), names))?.[1];
    return meant === undefined ? "" : ` Did you mean ${join(folder, meant)}?`;
  } catch {
    return "";
  }
}
