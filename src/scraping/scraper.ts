import type { DataFrame } from "nodejs-polars";
import type { Config } from "../config/settings.ts";
import type { IDataSaver } from "../contracts/data-saver.ts";
import type { Logger } from "../contracts/logger.ts";
import type { IScraper } from "../contracts/scraper.ts";
import { MillraceError, NotFoundError, SaveError, SchemaError } from "../errors.ts";
import { heightOf } from "../frame/access.ts";
import { concatFrames } from "../frame/batches.ts";
import { frame } from "../frame/frame.ts";
import { requireKey } from "../frame/key.ts";
import { didYouMean } from "../system/nearest.ts";
import { crawl } from "./crawl.ts";
import { hostAnswers } from "./host-answers.ts";
import { PageError, shownUrl } from "./page-error.ts";
import type { Page, ScraperSource } from "./source.ts";

/** What the scraper's own methods take besides the contract's. */
export interface ScrapeOptions {
  /** Ends the scraping and saves nothing more; the promise rejects with the signal's reason. */
  readonly signal?: AbortSignal;
}

/**
 * Brings frames in from the web. Extend it and declare `sources`; fetching (by Crawlee), checking against
 * each source's schema and saving are done here.
 */
export abstract class Scraper implements IScraper {
  protected readonly config: Config;
  protected readonly logger: Logger;
  /** How many sources are scraped at once. */
  readonly concurrency: number = 1;

  constructor(config: Config, logger: Logger) {
    this.config = config;
    this.logger = logger;
  }

  /** What can be scraped, by name; each is saved under that name. Made with `source()`. */
  abstract readonly sources: Readonly<Record<string, ScraperSource>>;

  /** Scrapes every source, up to `concurrency` at once. `true` only if all were saved; the log says why not. */
  async scrapeData(dataSaver: IDataSaver, options: ScrapeOptions = {}): Promise<boolean> {
    const names = Object.keys(this.sources);
    let allSaved = names.length > 0;
    const worker = async () => {
      for (let name = names.shift(); name !== undefined; name = names.shift()) {
        if (!(await this.scrapeSingleSource(name, dataSaver, options))) allSaved = false;
      }
    };
    await Promise.all(Array.from({ length: Math.max(1, Math.floor(this.concurrency) || 1) }, worker));
    return allSaved;
  }

  /**
   * Scrapes one source and saves it under its own name, in place of what was there. `false` when a page could
   * not be had, rows do not fit, or saving failed; the log says which, and the old data stays.
   *
   * @throws NotFoundError when there is no such source.
   */
  async scrapeSingleSource(sourceName: string, dataSaver: IDataSaver, options: ScrapeOptions = {}): Promise<boolean> {
    const { key } = this.#find(sourceName);
    const began = performance.now();
    try {
      const data = await this.fetchSource(sourceName, options);
      const saved = await dataSaver.saveData(data, sourceName, {
        ...(key ? { key } : {}),
        ...(options.signal ? { signal: options.signal } : {}),
      });
      if (saved !== true) throw new SaveError(`The saver refused "${sourceName}".`, { frame: sourceName });
      const rows = heightOf(data);
      const durationMs = Math.round(performance.now() - began);
      this.logger.info({ source: sourceName, rows, durationMs }, `Scraped ${sourceName}: ${rows} rows`);
      return true;
    } catch (error) {
      options.signal?.throwIfAborted();
      this.#logFailure(sourceName, error);
      return false;
    }
  }

  /**
   * The rows of one source as a frame, saved nowhere.
   *
   * @throws PageError when a page could not be had, SchemaError when rows are unreadable, doubled or missing (on a followed page too).
   */
  async fetchSource(sourceName: string, options: ScrapeOptions = {}): Promise<DataFrame> {
    const source = this.#find(sourceName);
    const start = startOf(source, this.config);
    this.logger.info({ source: sourceName }, `Scraping ${sourceName} from ${start.map(shownUrl).join(", ")}`);
    const pages = await crawl({ start, source, logger: this.logger, signal: options.signal }, (page) =>
      this.#read(page, source, sourceName),
    );
    const data = pages.length > 0 ? concatFrames(pages) : frame([], source.schema);
    if (heightOf(data) === 0 && !source.allowEmpty) {
      throw new SchemaError(`No row was found on ${pages.length} page${pages.length === 1 ? "" : "s"}.`, {
        frame: sourceName,
        hint: "See whether the page has changed and mend `parse`, or declare `allowEmpty: true`.",
      });
    }
    if (source.key) await requireKey(data, source.key, { storage: "web", frame: sourceName });
    return data;
  }

  async getAvailableSources(): Promise<string[]> {
    return Object.keys(this.sources);
  }

  /** Whether the first source's host answers. Never throws, answers within 5 s. */
  async healthCheck(): Promise<boolean> {
    try {
      const [first] = Object.values(this.sources);
      if (!first) return false;
      const [url] = startOf(first, this.config);
      return url !== undefined && (await hostAnswers(url, first.headers));
    } catch {
      return false;
    }
  }

  async #read(page: Page, source: ScraperSource, name: string): Promise<DataFrame> {
    try {
      const rows = frame([...(await source.parse(page))], source.schema);
      if (page.number > 1 && heightOf(rows) === 0 && !source.allowEmpty) {
        throw new SchemaError(`No row was found on page ${page.number}, though a page before led to it.`, {
          hint: "See what the page answers (a login or a limit?), or declare `allowEmpty: true`.",
        });
      }
      this.logger.debug(
        { source: name, page: page.number, rows: heightOf(rows), url: shownUrl(page.url) },
        "Page read",
      );
      return rows;
    } catch (cause) {
      const message = cause instanceof Error ? cause.message : String(cause);
      throw new SchemaError(`${shownUrl(page.url)}: ${message}`, {
        frame: name,
        cause,
        ...(cause instanceof MillraceError && cause.hint ? { hint: cause.hint } : {}),
      });
    }
  }

  #find(name: string): ScraperSource {
    if (Object.hasOwn(this.sources, name)) return this.sources[name] as ScraperSource;
    const names = Object.keys(this.sources);
    throw new NotFoundError(`The scraper has no source "${name}".${didYouMean(name, names)}`, {
      frame: name,
      hint: names.length > 0 ? `It has ${names.join(", ")}.` : "Declare it in `sources`.",
    });
  }

  #logFailure(source: string, error: unknown): void {
    const message = error instanceof Error ? error.message : String(error);
    const page = error instanceof PageError ? { url: error.url, status: error.status ?? null } : {};
    this.logger.error({ source, ...page, err: error }, `Scraping ${source} failed. ${message} The old data stays.`);
  }
}

function startOf({ start }: ScraperSource, config: Config): readonly string[] {
  const addresses = typeof start === "function" ? start(config) : start;
  return typeof addresses === "string" ? [addresses] : addresses;
}
