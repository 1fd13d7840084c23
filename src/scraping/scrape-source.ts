import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { setImmediate as nextTurn } from "node:timers/promises";
import type { DataFrame } from "nodejs-polars";
import type { Config } from "../config/settings.ts";
import type { Logger } from "../contracts/logger.ts";
import type { RunMark } from "../contracts/run-mark.ts";
import { SchemaError } from "../errors.ts";
import { exactColumns, heightOf, lazyOf } from "../frame/access.ts";
import { concatFrames } from "../frame/batches.ts";
import { exchangeFolder } from "../frame/exchange.ts";
import { frame } from "../frame/frame.ts";
import { requireKey } from "../frame/key.ts";
import type { Archive } from "./archive.ts";
import { type CrawlOptions, crawl, type Engine } from "./crawl/crawl.ts";
import { loadCrawlee } from "./crawl/crawlee.ts";
import type { Journal } from "./crawl/journal.ts";
import { beginJournal, type OpenJournal } from "./crawl/journals.ts";
import { RowCollector } from "./crawl/page-rows.ts";
import { startPlace } from "./crawl/place.ts";
import { readParts } from "./download/read.ts";
import { scrapingFolder } from "./folders.ts";
import { HealthGate } from "./gate/gate.ts";
import type { Memory } from "./gate/memory.ts";
import { Profiler } from "./gate/profile.ts";
import { PageError } from "./page-error.ts";
import { PageReader } from "./read-page.ts";
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

/** What a scrape is made of. */
interface Made {
  readonly stack: AsyncDisposableStack;
  readonly open: OpenJournal;
  readonly web: SourceWeb;
  readonly gate: HealthGate;
  readonly ended: AbortController;
  readonly parts: string;
  readonly kept: string | null;
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
  readonly #ended: AbortController;
  readonly #parts: string;
  readonly #reader: PageReader;
  readonly #profiler = new Profiler();

  private constructor(job: ScrapeJob, made: Made) {
    this.#job = job;
    this.#stack = made.stack;
    this.#open = made.open;
    this.#journal = made.open.journal;
    this.#web = made.web;
    this.#gate = made.gate;
    this.#ended = made.ended;
    this.#parts = made.parts;
    this.#reader = new PageReader({
      job,
      gate: made.gate,
      signal: made.ended.signal,
      parts: made.parts,
      kept: made.kept,
    });
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
    const kept = isKept ? join(folder, "kept") : null;
    return new SourceScrape(job, { stack: stack.move(), open, web, gate, ended, parts, kept });
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

  /** Names the save, so that an append which was done before the process was killed is not done again. */
  get mark(): RunMark {
    return { ...this.#open.mark, part: `scrape/${this.#job.name}` };
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
    for (let at = 0; at < starts.length; at += 250) {
      const pages = starts.slice(at, at + 250).map((ask, index) => ({ ask, place: startPlace(at + index) }));
      this.#journal.ask(pages, this.#job.source.maxPages);
      await nextTurn();
    }
  }

  #crawl(): Promise<void> {
    const { source, config, logger, archive, engine } = this.#job;
    const read: CrawlOptions["read"] = (answer, page) => this.#reader.read(answer, page);
    const { signal } = this.#ended;
    const options = { source, config, journal: this.#journal, logger, signal, isReplay: archive.isReplay, read };
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
      if (pages.length > 0) {
        // A crawl that is gone on with has all of them ready at once.
        await nextTurn();
        continue;
      }
      if (isLast) break;
      await Promise.race([this.#journal.changed(), crawling]);
    }
    if (!collector.isEmpty) yield collector.take();
  }

  /** @throws SchemaError; then the crawl is not gone on with, since the site may be another one the next time. */
  async #checkWhole(keys: readonly DataFrame[]): Promise<void> {
    const { source, name } = this.#job;
    try {
      if (this.rows === 0 && !source.allowEmpty) throw this.#noRow();
      if (source.key && keys.length > 0)
        await requireKey(concatFrames(keys), source.key, { storage: "web", frame: name });
      if (this.rows > 0) this.#gate.check(this.#profile());
    } catch (error) {
      await this.#forget();
      if (!(error instanceof SchemaError) || error.code === "KEY_INVALID") throw error;
      throw new SchemaError(`${error.message}${await this.#reader.keepTelling()}`, {
        code: error.code as "SOURCE_CHANGED",
        frame: name,
        ...(error.hint && { hint: error.hint }),
      });
    }
  }

  #noRow(): SchemaError {
    const { done } = this.#journal.counts;
    const where = `${done} page${done === 1 ? "" : "s"}`;
    return new SchemaError(`No row was found on ${where}.${this.#gate.explain(this.#reader.counts)}`, {
      hint: "See whether the page has changed and mend `parse`, or declare `allowEmpty: true`.",
    });
  }

  #profile() {
    return this.#profiler.profile(new Date(), this.#journal.counts.done, this.#reader.counts);
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

function tookTooLong(name: string, maxTime: number): PageError {
  return new PageError(name, {
    code: "LIMIT_EXCEEDED",
    reason: `took longer than ${Math.round(maxTime / 1_000)} s`,
    hint: "Raise `maxTime` in the source. What was fetched is kept: the next scrape goes on with it.",
  });
}
