import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { missingTexts } from "./missing.ts";
import { readApi } from "./read.ts";
import { renderApi } from "./render.ts";
import { surfaceOf } from "./surface.ts";

/** Writes docs/api anew. */
export function writeApi(root: string): void {
  const folder = join(root, "docs/api");
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  for (const [name, text] of apiFiles(root).files) writeFileSync(join(folder, name), text);
}

/** What is wrong with docs/api, one line each: exports without a docstring, and files that are not as `npm run docs` writes them. */
export function apiFaults(root: string): string[] {
  const folder = join(root, "docs/api");
  const { files, missing } = apiFiles(root);
  const stale = [...files].filter(([name, text]) => readOr(join(folder, name)) !== text).map(([name]) => name);
  const left = readdirSync(folder).filter((name) => !files.has(name));
  return [
    ...missing.map((name) => `${name} has no docstring.`),
    ...stale.map(
      (name) => `docs/api/${name} is not what the sources say. A change of the API that is meant: npm run docs.`,
    ),
    ...left.map((name) => `docs/api/${name} belongs to nothing.`),
  ];
}

function apiFiles(root: string): { files: Map<string, string>; missing: string[] } {
  const doors = readApi(root);
  return { files: renderApi(doors).set("surface.txt", surfaceOf(doors)), missing: missingTexts(doors) };
}

function readOr(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}
