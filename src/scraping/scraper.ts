import type { DataFrame } from "nodejs-polars";
import type { Config } from "../config/settings.ts";
import type { IBatchSaver } from "../contracts/batches.ts";
import type { IDataSaver } from "../contracts/data-saver.ts";
import type { Logger } from "../contracts/logger.ts";
import type { IScraper } from "../contracts/scraper.ts";
import { NotFoundError, SaveError } from "../errors.ts";
import { heightOf } from "../frame/access.ts";
import { concatFrames } from "../frame/batches.ts";
import { didYouMean } from "../system/nearest.ts";
import type { Archive } from "./archive.ts";
import type { Engine } from "./crawl/crawl.ts";
import { lazyHttpEngine } from "./crawl/lazy.ts";
import { scrapingFolder } from "./folders.ts";
import { fileMemory } from "./gate/memory.ts";
import { Outcomes } from "./outcomes.ts";
import { PageError, shownUrl } from "./page-error.ts";
import type { ScrapeOptions } from "./scrape-options.ts";
import type { SourceScrape } from "./scrape-source.ts";
import type { ScraperSource } from "./source.ts";
import type { SourceWeb } from "./source-web.ts";

export type { ScrapeOptions } from "./scrape-options.ts";

/**
 * Brings frames in from the web. Extend it and declare `sources`; fetching (by Crawlee), checking against each source's schema
 * and its earlier runs, and saving are done here.
 */
export abstract class Scraper implements IScraper {
  /** Every setting with its value. */
  protected readonly config: Config;
  /** The service's logger. */
  protected readonly logger: Logger;
  /** How many sources are scraped at once. */
  readonly concurrency: number = 1;
  /** Under which journals and earlier runs are kept. Default: the name of the class. */
  readonly name: string = this.constructor.name || "Scraper";

  constructor(config: Config, logger: Logger) {
    this.config = config;
    this.logger = logger;
  }

  /** What can be scraped, by name; each is saved under that name. Made with `source()`. */
  abstract readonly sources: Readonly<Record<string, ScraperSource>>;

  /** Scrapes every source, up to `concurrency` at once. `true` only if all were saved; the log says why not. */
  async scrapeData(dataSaver: IDataSaver, options: ScrapeOptions = {}): Promise<boolean> {
    const names = Object.keys(this.sources);
    return (await this.scrapeSources(names, dataSaver, options)).length === 0 && names.length > 0;
  }

  /** Scrapes the sources that are named, as `scrapeData` does all, into one archive where they are recorded. Resolves with those that failed. */
  async scrapeSources(
    sourceNames: readonly string[],
    dataSaver: IDataSaver,
    options: ScrapeOptions = {},
  ): Promise<string[]> {
    for (const name of sourceNames) this.#find(name);
    const names = [...sourceNames];
    await using archive = await this.#archive(options);
    const failed: string[] = [];
    const saved: string[] = [];
    const worker = async () => {
      for (let name = names.shift(); name !== undefined; name = names.shift()) {
        const isSaved = await this.#isSaved(name, dataSaver, options, archive);
        (isSaved ? saved : failed).push(name);
      }
    };
    await Promise.all(Array.from({ length: Math.max(1, Math.floor(this.concurrency) || 1) }, worker));
    if (failed.length > 0 && saved.length > 0) {
      this.logger.error({ failed, saved }, `Failed: ${failed.join(", ")}. Saved: ${saved.join(", ")}.`);
    }
    return failed;
  }

  /**
   * Scrapes one source and saves it under its own name, in place of what was there, batch by batch where the saver can. `false` when
   * a page could not be had, rows do not fit or differ too much from earlier ones, or saving failed; the log says which, and the old
   * data stays.
   *
   * @throws NotFoundError when there is no such source.
   */
  async scrapeSingleSource(sourceName: string, dataSaver: IDataSaver, options: ScrapeOptions = {}): Promise<boolean> {
    return (await this.scrapeSources([sourceName], dataSaver, options)).length === 0;
  }

  /**
   * As `scrapeSingleSource`, but tells why a source was not saved: for callers that decide by the error, as pipelines do. Resolves with
   * the number of rows.
   *
   * @throws PageError, SchemaError, SaveError …; NotFoundError when there is no such source.
   */
  async saveSource(sourceName: string, dataSaver: IDataSaver, options: ScrapeOptions = {}): Promise<number> {
    this.#find(sourceName);
    await using archive = await this.#archive(options);
    return await this.#scrape(sourceName, dataSaver, options, archive);
  }

  /**
   * The rows of one source as a frame, saved nowhere, and compared with no earlier run.
   *
   * @throws PageError when a page could not be had, SchemaError when rows are unreadable, doubled or missing (on a followed page too).
   */
  async fetchSource(sourceName: string, options: ScrapeOptions = {}): Promise<DataFrame> {
    this.#find(sourceName);
    await using archive = await this.#archive(options);
    await using scrape = await this.#begin(sourceName, options, archive, false);
    return await wholeOf(scrape);
  }

  /**
   * Fetches sources, all unless named, into one archive, and saves nothing else: what a test replays. Resolves with the rows of each.
   *
   * @throws as `fetchSource`; the archive holds what was fetched until then.
   */
  async recordSources(path: string, sourceNames: readonly string[] = []): Promise<Record<string, number>> {
    const names = sourceNames.length > 0 ? sourceNames : Object.keys(this.sources);
    for (const name of names) this.#find(name);
    const rows: Record<string, number> = {};
    await using archive = await this.#archive({ record: path });
    for (const name of names) {
      await using scrape = await this.#begin(name, {}, archive, false);
      rows[name] = heightOf(await wholeOf(scrape));
    }
    return rows;
  }

  async getAvailableSources(): Promise<string[]> {
    return Object.keys(this.sources);
  }

  /** Whether the first source's host answers. Never throws, answers within 5 s. */
  async healthCheck(): Promise<boolean> {
    try {
      const [first] = Object.values(this.sources);
      const { hostAnswers } = await import("./host-answers.ts");
      return first !== undefined && (await hostAnswers(first, this.config, this.name));
    } catch {
      return false;
    }
  }

  /**
   * What fetches the pages.
   *
   * @internal
   */
  protected engine(web: SourceWeb, _source: ScraperSource, _archive: Archive): Engine {
    return lazyHttpEngine(web);
  }

  /** Scrapes a source, saves it, and remembers how that ended. */
  async #scrape(name: string, saver: IDataSaver, options: ScrapeOptions, archive: Archive): Promise<number> {
    const began = performance.now();
    const outcomes = new Outcomes(options.memory ?? this.#memory(), `${this.name}/${name}`);
    try {
      if (options.run === "retryFailed") {
        const last = await outcomes.last();
        if (last?.saved) {
          this.logger.info(
            { source: name },
            `${name} is left alone: it was saved at ${last.time}, and only what failed is tried again.`,
          );
          return last.rows;
        }
      }
      await using scrape = await this.#begin(name, options, archive, true);
      const saved = await this.#save(scrape, name, saver, options.signal);
      if (saved !== true) throw new SaveError(`The saver refused "${name}".`, { frame: name });
      await scrape.complete();
      if (!archive.isReplay) await outcomes.keep({ saved: true, rows: scrape.rows });
      const durationMs = Math.round(performance.now() - began);
      this.logger.info({ source: name, rows: scrape.rows, durationMs }, `Scraped ${name}: ${scrape.rows} rows`);
      return scrape.rows;
    } catch (error) {
      options.signal?.throwIfAborted();
      if (!archive.isReplay) await outcomes.keep({ saved: false, rows: 0, error: messageOf(error) });
      throw error;
    }
  }

  async #isSaved(name: string, saver: IDataSaver, options: ScrapeOptions, archive: Archive): Promise<boolean> {
    try {
      await this.#scrape(name, saver, options, archive);
      return true;
    } catch (error) {
      options.signal?.throwIfAborted();
      this.#logFailure(name, error);
      return false;
    }
  }

  async #save(
    scrape: SourceScrape,
    name: string,
    saver: IDataSaver,
    signal: AbortSignal | undefined,
  ): Promise<boolean> {
    const { key, mode } = this.#find(name);
    const options = {
      ...(key ? { key } : {}),
      ...(mode === "replace" ? {} : { mode }),
      ...(signal ? { signal } : {}),
      ...(mode === "append" && "keptMarks" in saver ? { run: scrape.mark } : {}),
    };
    if (takesBatches(saver)) return saver.saveBatches(scrape.batches(), name, options as never);
    return saver.saveData(await wholeOf(scrape), name, options as never);
  }

  async #begin(name: string, options: ScrapeOptions, archive: Archive, isKept: boolean): Promise<SourceScrape> {
    const source = this.#find(name);
    const { SourceScrape } = await import("./scrape-source.ts");
    return SourceScrape.begin({
      name,
      scraper: this.name,
      source,
      config: this.config,
      logger: this.logger,
      options,
      archive,
      memory: options.memory ?? this.#memory(),
      isKept,
      engine: (web) => {
        const from = web.starts.slice(0, 3).map(({ url }) => shownUrl(url));
        const more = web.starts.length > 3 ? ` and ${web.starts.length - 3} more` : "";
        this.logger.info({ source: name }, `Scraping ${name} from ${from.join(", ")}${more}`);
        return this.engine(web, source, archive);
      },
    });
  }

  async #archive(options: ScrapeOptions): Promise<Archive> {
    const [{ openArchive }, { userAgent }] = await Promise.all([import("./archive.ts"), import("./http/client.ts")]);
    const agent = this.config.SCRAPE_USER_AGENT ?? userAgent(this.name);
    return openArchive(options, { config: this.config, scraper: this.name, agent, logger: this.logger });
  }

  #memory() {
    return fileMemory(scrapingFolder(this.config, this.name));
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
    const page = error instanceof PageError ? { url: error.url, status: error.status ?? null } : {};
    this.logger.error(
      { source, ...page, err: error },
      `Scraping ${source} failed. ${messageOf(error)} The old data stays.`,
    );
  }
}

async function wholeOf(scrape: SourceScrape): Promise<DataFrame> {
  const frames = await Array.fromAsync(scrape.batches());
  return concatFrames(frames);
}

function takesBatches(saver: IDataSaver): saver is IDataSaver & IBatchSaver {
  return "saveBatches" in saver && typeof saver.saveBatches === "function";
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
