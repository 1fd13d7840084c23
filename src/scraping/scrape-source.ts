import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import type { DataFrame } from "nodejs-polars";
import type { Config } from "../config/settings.ts";
import type { Logger } from "../contracts/logger.ts";
import { MillraceError, SchemaError } from "../errors.ts";
import { exactColumns, heightOf, lazyOf } from "../frame/access.ts";
import { concatFrames } from "../frame/batches.ts";
import { exchangeFolder } from "../frame/exchange.ts";
import { frame } from "../frame/frame.ts";
import { requireKey } from "../frame/key.ts";
import { pl } from "../frame/polars.ts";
import { records } from "../frame/records.ts";
import type { Archive } from "./archive.ts";
import { crawl, type Engine, type PageResult } from "./crawl/crawl.ts";
import { type LoadMarkup, loadCrawlee, loadMarkup } from "./crawl/crawlee.ts";
import type { Journal, PendingPage } from "./crawl/journal.ts";
import { beginJournal, type OpenJournal } from "./crawl/journals.ts";
import { leadsTo } from "./crawl/leads.ts";
import { packRows, RowCollector } from "./crawl/page-rows.ts";
import { numberOf, startPlace } from "./crawl/place.ts";
import { readDownload, readParts } from "./download/read.ts";
import { scrapingFolder } from "./folders.ts";
import { HealthGate } from "./gate/gate.ts";
import { keepPage, type SeenPage } from "./gate/kept-page.ts";
import type { Memory } from "./gate/memory.ts";
import { Profiler } from "./gate/profile.ts";
import { mergeCounts, type SelectorCounts } from "./gate/selectors.ts";
import { headerOf, type WebAnswer } from "./http/exchange.ts";
import { unpack } from "./http/unpack.ts";
import { type Page, pageOf } from "./page.ts";
import { PageError, shownUrl } from "./page-error.ts";
import type { ScrapeOptions } from "./scrape-options.ts";
import type { ScraperSource } from "./source.ts";
import { openWeb, type SourceWeb } from "./source-web.ts";

/** One scrape of one source. */
export interface ScrapeJob {
  readonly name: string;
  readonly scraper: string;
  readonly source: ScraperSource;
  readonly config: Config;
  readonly logger: Logger;
  readonly options: ScrapeOptions;
  readonly archive: Archive;
  readonly memory: Memory;
  /** Whether it leaves a journal and is compared with earlier runs, as a scrape that is saved. */
  readonly isKept: boolean;
  /** Makes what fetches. */
  engine(web: SourceWeb): Engine;
}

/** A scrape under way. Disposing ends it; `complete` says that its rows are saved. */
export class SourceScrape implements AsyncDisposable {
  rows = 0;
  readonly #job: ScrapeJob;
  readonly #stack: AsyncDisposableStack;
  readonly #journal: Journal;
  readonly #open: OpenJournal;
  readonly #web: SourceWeb;
  readonly #gate: HealthGate;
  readonly #load: LoadMarkup;
  readonly #ended: AbortController;
  readonly #folder: string;
  readonly #counts: SelectorCounts = new Map();
  readonly #profiler = new Profiler();
  #parts = "";
  #sample: SeenPage | undefined;
  #emptyPage: SeenPage | undefined;

  private constructor(
    job: ScrapeJob,
    made: {
      stack: AsyncDisposableStack;
      open: OpenJournal;
      web: SourceWeb;
      gate: HealthGate;
      ended: AbortController;
      parts: string;
    },
  ) {
    this.#job = job;
    this.#stack = made.stack;
    this.#open = made.open;
    this.#journal = made.open.journal;
    this.#web = made.web;
    this.#gate = made.gate;
    this.#ended = made.ended;
    this.#parts = made.parts;
    this.#load = loadMarkup();
    this.#folder = scrapingFolder(job.config, job.scraper, job.name);
  }

  static async begin(job: ScrapeJob): Promise<SourceScrape> {
    const { source, config, options, name, archive, logger } = job;
    await loadCrawlee();
    options.signal?.throwIfAborted();
    await using stack = new AsyncDisposableStack();
    const ended = new AbortController();
    const onAbort = () => ended.abort(options.signal?.reason);
    options.signal?.addEventListener("abort", onAbort, { once: true });
    const timer = setTimeout(
      () => ended.abort(tookTooLong(name, source.maxTime)),
      Math.min(source.maxTime, 2 ** 31 - 1),
    );
    stack.defer(() => {
      clearTimeout(timer);
      options.signal?.removeEventListener("abort", onAbort);
    });
    const web = await openWeb(source, config, { scraper: job.scraper, archive, signal: ended.signal });
    stack.use(web.client);
    const folder = scrapingFolder(config, job.scraper, name);
    const isKept = job.isKept && !archive.isReplay;
    const open = await beginJournal({
      folder: isKept ? folder : null,
      name,
      source,
      starts: web.starts,
      logger,
      run: options.run ?? (archive.isRecord ? "fresh" : undefined),
    });
    stack.use(open);
    const parts = isKept
      ? join(folder, "parts")
      : source.download
        ? stack.use(await exchangeFolder(config, 64 << 20)).path
        : "";
    if (source.download) await mkdir(parts, { recursive: true, mode: 0o700 });
    const gate = await HealthGate.open({
      memory: job.memory,
      name: `${job.scraper}/${name}`,
      source: name,
      health: job.isKept ? source.health : false,
      compares: isKept,
      accept: options.accept === true,
      logger,
    });
    return new SourceScrape(job, { stack: stack.move(), open, web, gate, ended, parts });
  }

  /**
   * The rows in frames, in the order of the pages, while the crawl goes on. Before the last one ends, all is checked: that there is
   * a row, the key, and the health gate.
   */
  async *batches(): AsyncGenerator<DataFrame> {
    const { source, name } = this.#job;
    await this.#askForStarts();
    let outcome: { error?: unknown } | undefined;
    const crawling = this.#crawl().then(
      () => {
        outcome = {};
      },
      (error: unknown) => {
        outcome = { error };
      },
    );
    const keys: DataFrame[] = [];
    try {
      for await (const df of this.#frames(crawling, () => outcome !== undefined)) {
        this.rows += heightOf(df);
        await this.#profiler.add(df);
        if (source.key)
          keys.push(
            await lazyOf(df)
              .select(exactColumns([...source.key]))
              .collect(),
          );
        if (outcome?.error !== undefined) break;
        yield df;
      }
      if (outcome?.error !== undefined) throw this.#explained(outcome.error);
      await this.#checkWhole(keys);
      if (this.rows === 0) yield frame([], source.schema);
    } catch (error) {
      this.#ended.abort(error);
      throw error;
    } finally {
      // A consumer that stops early ends the crawl.
      if (!outcome) this.#ended.abort(new Error(`The rows of ${name} are no longer wanted.`));
      await crawling;
    }
  }

  /** Remembers the run as a good one, and drops the journal. */
  async complete(): Promise<void> {
    // A run without rows, where that is fine, tells nothing of how later ones should be.
    if (this.rows > 0) await this.#gate.learn(this.#profile());
    await this.#forget();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack.disposeAsync();
  }

  async #forget(): Promise<void> {
    await this.#open.forget();
    if (this.#job.isKept && this.#parts !== "") await rm(this.#parts, { recursive: true, force: true });
  }

  async #askForStarts(): Promise<void> {
    const { starts } = this.#web;
    for (let at = 0; at < starts.length; at += 1_000) {
      const pages = starts.slice(at, at + 1_000).map((ask, index) => ({ ask, place: startPlace(at + index) }));
      this.#journal.ask(pages, this.#job.source.maxPages);
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  #crawl(): Promise<void> {
    const { source, config, logger, archive, engine } = this.#job;
    const read = (answer: WebAnswer, page: PendingPage) => this.#read(answer, page);
    const options = {
      source,
      config,
      journal: this.#journal,
      logger,
      signal: this.#ended.signal,
      isReplay: archive.isReplay,
      read,
    };
    return crawl(
      options,
      engine({ ...this.#web, into: source.download && ((page) => join(this.#parts, `${page}.download`)) }),
    );
  }

  /** What the journal has ready, joined to frames. */
  async *#frames(crawling: Promise<void>, hasEnded: () => boolean): AsyncGenerator<DataFrame> {
    const collector = new RowCollector(this.#job.source.schema);
    for (let after = ""; ; ) {
      const isLast = hasEnded();
      const pages = this.#journal.ready(after, 64);
      for (const { place, bytes, file, count } of pages) {
        after = place;
        if (bytes && collector.add(bytes, count)) yield collector.take();
        if (!file) continue;
        if (!collector.isEmpty) yield collector.take();
        yield* readParts(join(this.#parts, file));
      }
      if (pages.length > 0) continue;
      if (isLast) break;
      await Promise.race([this.#journal.changed(), crawling]);
    }
    if (!collector.isEmpty) yield collector.take();
  }

  async #read(answer: WebAnswer, pending: PendingPage): Promise<PageResult> {
    const { source, name, logger } = this.#job;
    if (source.download) return this.#readDownload(answer, pending);
    const counts: SelectorCounts = new Map();
    const about = { number: numberOf(pending.place), url: pending.url };
    const page = pageOf(await unzippedAnswer(answer, source.maxUnpacked), about, this.#load, counts);
    try {
      const rows = pending.list ? [] : await rowsOf(page, source);
      const found = rows.length;
      const bytes = found === 0 ? null : packRows(rows, source.schema);
      const more = leadsTo(page, pending, found, source);
      if (page.number > 1 && found === 0 && !pending.list && !source.allowEmpty && !more.mayBeEmpty)
        throw emptyPage(page.number);
      mergeCounts(this.#counts, counts);
      this.#see(page, found, pending.list);
      logger.debug({ source: name, page: page.number, rows: found, url: shownUrl(page.url) }, "Page read");
      return { rows: { count: found, bytes, file: null }, leadsTo: more.asks };
    } catch (cause) {
      if (cause instanceof PageError || (cause instanceof MillraceError && cause.code === "CONFIG_INVALID"))
        throw cause;
      mergeCounts(this.#counts, counts);
      throw await this.#unreadable(page, cause, counts);
    }
  }

  async #readDownload(answer: WebAnswer, { id }: PendingPage): Promise<PageResult> {
    const { source, config, logger } = this.#job;
    if (!source.download) throw new Error("The source is no download");
    const count = await readDownload(answer, join(this.#parts, String(id)), {
      format: source.download,
      schema: source.schema,
      limit: source.maxUnpacked,
      config,
      logger,
      signal: this.#ended.signal,
    });
    return { rows: { count, bytes: null, file: String(id) }, leadsTo: [] };
  }

  async #unreadable(page: Page, cause: unknown, counts: SelectorCounts): Promise<SchemaError> {
    const message = cause instanceof Error ? cause.message : String(cause);
    const kept = await this.#keep(page);
    return new SchemaError(`${shownUrl(page.url)}: ${message}${this.#gate.explain(counts)}${kept}`, {
      frame: this.#job.name,
      cause,
      ...(cause instanceof MillraceError && cause.hint ? { hint: cause.hint } : {}),
    });
  }

  /** The first page, and the first one without rows, are what is kept when the whole is refused. */
  #see(page: Page, rows: number, isList: boolean): void {
    if (isList) return;
    if (!this.#sample) this.#sample = { url: shownUrl(page.url), body: page.body };
    if (rows === 0 && !this.#emptyPage) this.#emptyPage = { url: shownUrl(page.url), body: page.body };
  }

  async #checkWhole(keys: readonly DataFrame[]): Promise<void> {
    const { source, name } = this.#job;
    const { done } = this.#journal.counts;
    if (this.rows === 0 && !source.allowEmpty) {
      const kept = await this.#keep(this.#emptyPage ?? this.#sample);
      throw new SchemaError(
        `No row was found on ${done} page${done === 1 ? "" : "s"}.${this.#gate.explain(this.#counts)}${kept}`,
        {
          frame: name,
          hint: "See whether the page has changed and mend `parse`, or declare `allowEmpty: true`.",
        },
      );
    }
    if (source.key && keys.length > 0)
      await requireKey(concatFrames(keys), source.key, { storage: "web", frame: name });
    if (this.rows === 0) return;
    try {
      this.#gate.check(this.#profile());
    } catch (error) {
      await this.#forget();
      if (!(error instanceof SchemaError)) throw error;
      throw new SchemaError(`${error.message}${await this.#keep(this.#emptyPage ?? this.#sample)}`, {
        code: "SOURCE_CHANGED",
        frame: name,
        ...(error.hint && { hint: error.hint }),
      });
    }
  }

  #profile() {
    return this.#profiler.profile(new Date(), this.#journal.counts.done, this.#counts);
  }

  /** As the end of a message: where the page is kept. */
  async #keep(page: SeenPage | undefined): Promise<string> {
    if (!page || !this.#job.isKept || this.#job.archive.isReplay) return "";
    const path = await keepPage(join(this.#folder, "kept"), { url: shownUrl(page.url), body: page.body });
    return path === null ? "" : ` The page is kept in ${path}.`;
  }

  /** A failure with what else failed. */
  #explained(error: unknown): unknown {
    const { failed, done } = this.#journal.counts;
    if (failed > 1)
      this.#job.logger.warn(
        { source: this.#job.name, failed, done, pages: this.#journal.failures(20) },
        `${failed} pages failed, ${done} are done and kept.`,
      );
    return error;
  }
}

/** A file that is packed itself, such as `sitemap.xml.gz`, as the page in it. */
async function unzippedAnswer(answer: WebAnswer, limit: number): Promise<WebAnswer> {
  const isPacked =
    /gzip|octet-stream/.test(headerOf(answer.headers, "content-type") ?? "") &&
    answer.body.subarray(0, 2).toString("hex") === "1f8b";
  if (!isPacked) return answer;
  const type = answer.url.includes(".xml") ? "application/xml" : "text/html";
  return {
    ...answer,
    headers: { ...answer.headers, "content-type": type },
    body: await unpack(answer.body, ["gzip"], limit, answer.url),
  };
}

async function rowsOf(page: Page, { parse }: ScraperSource): Promise<readonly unknown[]> {
  const rows = (await parse?.(page)) ?? [];
  return pl.DataFrame.isDataFrame(rows) ? records(rows) : [...rows];
}

function emptyPage(number: number): SchemaError {
  return new SchemaError(`No row was found on page ${number}, though a page before led to it.`, {
    hint: "See what the page answers (a login or a limit?), or declare `allowEmpty: true`.",
  });
}

function tookTooLong(name: string, maxTime: number): PageError {
  return new PageError(name, {
    code: "LIMIT_EXCEEDED",
    reason: `took longer than ${Math.round(maxTime / 1_000)} s`,
    hint: "Raise `maxTime` in the source. What was fetched is kept: the next scrape goes on with it.",
  });
}
