import { join } from "node:path";
import type { Config } from "../config/settings.ts";

/** Where scrapers keep what they need: `FS_DATA/.millrace/scraping`, below it a folder for each scraper and each of its sources. */
export function scrapingFolder({ FS_DATA }: Pick<Config, "FS_DATA">, ...names: readonly string[]): string {
  return join(FS_DATA, ".millrace", "scraping", ...names.map(safeName));
}

/** Any text as a name of a file: letters, digits, `_`, `-` and dots inside; others as `%` and their hex bytes. */
export function safeName(name: string): string {
  const safe = [...Buffer.from(name)]
    .map((byte, index) => {
      const character = String.fromCharCode(byte);
      const isPlain = /[\w-]/.test(character) || (character === "." && index > 0);
      return isPlain ? character : `%${byte.toString(16).padStart(2, "0")}`;
    })
    .join("");
  return safe.slice(0, 200) || "%";
}
