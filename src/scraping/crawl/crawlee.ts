import { createRequire } from "node:module";
import type { Log } from "@crawlee/cheerio";
import type { Logger } from "../../contracts/logger.ts";
import { UnavailableError } from "../../errors.ts";
import type { LoadMarkup, Markup } from "../markup.ts";

export type Crawlee = typeof import("@crawlee/cheerio");

/**
 * Crawlee, loaded on first use (0.3 s).
 *
 * @throws UnavailableError DEPENDENCY_MISSING with the line that installs it.
 */
export async function loadCrawlee(): Promise<Crawlee> {
  try {
    return await import("@crawlee/cheerio");
  } catch (cause) {
    throw missing("@crawlee/cheerio", "npm i @crawlee/cheerio", cause);
  }
}

export function missing(name: string, command: string, cause: unknown): UnavailableError {
  return new UnavailableError(`Scraping needs the package ${name}.`, {
    code: "DEPENDENCY_MISSING",
    hint: `Run: ${command}`,
    cause,
  });
}

/** The Cheerio that Crawlee brings along, set as Crawlee sets it. Each page is parsed once, where CheerioCrawler does it twice. */
export function loadMarkup(): LoadMarkup {
  const crawlee = createRequire(import.meta.url).resolve("@crawlee/cheerio");
  const { load }: { load: (text: string, options: object) => Markup } = createRequire(crawlee)("cheerio");
  return (text, xmlMode) => load(text, { xmlMode, _useHtmlParser2: true });
}

/** A Crawlee log whose lines go to `logger` at debug level: what matters of them, millrace says itself. */
export function crawleeLog({ Log: CrawleeLog, Logger: CrawleeLogger, LogLevel }: Crawlee, logger: Logger): Log {
  class Forward extends CrawleeLogger {
    override _log(_level: number, message: string, data?: unknown): void {
      logger.debug({ crawlee: data ?? null }, message);
    }
  }
  return new CrawleeLog({ logger: new Forward({}), level: LogLevel.INFO });
}

/**
 * Takes away Crawlee's own answer to Ctrl-C, which would pause the crawl and keep the program alive. What the program itself
 * says to Ctrl-C, or its absence, counts. Crawlee adds that listener when a crawl begins, and `before` are those from earlier.
 */
export function leaveInterruptsAlone(before: ReadonlySet<unknown>): void {
  for (const listener of process.listeners("SIGINT")) {
    if (listener.name === "sigintHandler" && !before.has(listener)) process.off("SIGINT", listener);
  }
}
