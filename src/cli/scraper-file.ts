import { stat } from "node:fs/promises";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import type { Scraper } from "../scraping/scraper.ts";
import { UsageError } from "./report-error.ts";
import type { Session } from "./session.ts";

/** Loads a scraper of the user's: `scraper.ts`, or `scraper.ts#MyScraper` where the file has several. */
export async function loadScraper(
  given: string,
  { config, logger }: Pick<Session, "config" | "logger">,
): Promise<Scraper> {
  const [file = "", name] = given.split("#");
  const path = resolve(file);
  if (!(await stat(path).catch(() => null))?.isFile()) {
    throw new UsageError(
      `There is no file ${path}.`,
      "A scraper is named by its file.",
      "Write it as scraper.ts, or scraper.ts#MyScraper.",
    );
  }
  const module: Record<string, unknown> = await import(pathToFileURL(path).href);
  const classes = Object.entries(module).filter((entry): entry is [string, ScraperClass] => isScraper(entry[1]));
  const found =
    name === undefined ? classes : classes.filter(([exported, type]) => exported === name || type.name === name);
  const [first, second] = found;
  if (first && !second) return new first[1](config, logger);
  const names = classes.map(([exported]) => exported).join(", ") || "none";
  throw new UsageError(
    first ? `${file} has several scrapers.` : `${file} exports no scraper${name === undefined ? "" : ` ${name}`}.`,
    `It exports these: ${names}.`,
    `Name one: ${file}#${classes[0]?.[0] ?? "MyScraper"}.`,
  );
}

type ScraperClass = new (...args: [Session["config"], Session["logger"]]) => Scraper;

/** By what it can do: the user's own copy of millrace may be another one than the command's. */
function isScraper(value: unknown): value is ScraperClass {
  return (
    typeof value === "function" &&
    typeof value.prototype?.scrapeData === "function" &&
    typeof value.prototype.fetchSource === "function"
  );
}
