import type { Log } from "@crawlee/cheerio";
import type { Logger } from "../contracts/logger.ts";
import { UnavailableError } from "../errors.ts";

type Crawlee = typeof import("@crawlee/cheerio");

/**
 * Crawlee, loaded on first use (0.3 s).
 *
 * @throws UnavailableError DEPENDENCY_MISSING with the line that installs it.
 */
export async function loadCrawlee(): Promise<Crawlee> {
  try {
    return await import("@crawlee/cheerio");
  } catch (cause) {
    throw new UnavailableError("Scraping needs the package @crawlee/cheerio", {
      code: "DEPENDENCY_MISSING",
      hint: "Run: npm i @crawlee/cheerio",
      cause,
    });
  }
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
