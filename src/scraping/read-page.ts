import { join } from "node:path";
import { MillraceError, SchemaError } from "../errors.ts";
import { pl } from "../frame/polars.ts";
import { records } from "../frame/records.ts";
import type { PageResult } from "./crawl/crawl.ts";
import { loadMarkup } from "./crawl/crawlee.ts";
import type { PendingPage } from "./crawl/journal.ts";
import { leadsTo } from "./crawl/leads.ts";
import { packRows } from "./crawl/page-rows.ts";
import { numberOf } from "./crawl/place.ts";
import { readDownload } from "./download/read.ts";
import type { HealthGate } from "./gate/gate.ts";
import { keepPage, type SeenPage } from "./gate/kept-page.ts";
import { mergeCounts, type SelectorCounts } from "./gate/selectors.ts";
import { headerOf, type WebAnswer } from "./http/exchange.ts";
import { unpack } from "./http/unpack.ts";
import { type Page, pageOf } from "./page.ts";
import { PageError, shownUrl } from "./page-error.ts";
import type { ScrapeJob } from "./scrape-source.ts";
import type { ScraperSource } from "./source.ts";

/** Where a reader keeps what it needs, and what explains its failures. */
export interface ReaderOptions {
  readonly job: ScrapeJob;
  readonly gate: HealthGate;
  readonly signal: AbortSignal;
  /** The folder of downloaded rows. */
  readonly parts: string;
  /** The folder of pages that could not be read; none when nothing is to be left behind. */
  readonly kept: string | null;
}

/** Turns the answers of one source into rows, and counts what its selectors find. */
export class PageReader {
  /** Over all pages so far. */
  readonly counts: SelectorCounts = new Map();
  readonly #options: ReaderOptions;
  readonly #load = loadMarkup();
  #first: SeenPage | undefined;
  #firstEmpty: SeenPage | undefined;

  constructor(options: ReaderOptions) {
    this.#options = options;
  }

  /** @throws SchemaError with the page's address, what its selectors did not find, and where it is kept. */
  async read(answer: WebAnswer, pending: PendingPage): Promise<PageResult> {
    const { source, name, logger } = this.#options.job;
    if (source.download) return this.#readDownload(answer, pending);
    const counts: SelectorCounts = new Map();
    const about = { number: numberOf(pending.place), url: pending.url };
    const page = pageOf(await unzipped(answer, source.maxUnpacked), about, this.#load, counts);
    try {
      const rows = pending.list ? [] : await rowsOf(page, source);
      const count = rows.length;
      const bytes = count === 0 ? null : packRows(rows, source.schema);
      const more = leadsTo(page, pending, count, source);
      const mayBeEmpty = page.number === 1 || source.allowEmpty || more.mayBeEmpty;
      if ((pending.list ? more.followed : count) === 0 && !mayBeEmpty) throw emptyPage(page.number, pending.list);
      if (!pending.list) this.#see(page, count);
      logger.debug({ source: name, page: page.number, rows: count, url: shownUrl(page.url) }, "Page read");
      return { rows: { count, bytes, file: null }, leadsTo: more.asks };
    } catch (cause) {
      if (cause instanceof PageError || (cause instanceof MillraceError && cause.code === "CONFIG_INVALID"))
        throw cause;
      throw await this.#unreadable(page, cause, counts);
    } finally {
      mergeCounts(this.counts, counts);
    }
  }

  /** As the end of a message: where the first page without rows is kept, or else the first one. */
  keepTelling(): Promise<string> {
    return this.#keep(this.#firstEmpty ?? this.#first);
  }

  async #readDownload(answer: WebAnswer, { id }: PendingPage): Promise<PageResult> {
    const { job, parts, signal } = this.#options;
    const { source, config, logger } = job;
    if (!source.download) throw new Error("The source is no download");
    const request = {
      format: source.download,
      schema: source.schema,
      limit: source.maxUnpacked,
      config,
      logger,
      signal,
    };
    const count = await readDownload(answer, join(parts, String(id)), request);
    return { rows: { count, bytes: null, file: String(id) }, leadsTo: [] };
  }

  async #unreadable(page: Page, cause: unknown, counts: SelectorCounts): Promise<SchemaError> {
    const { job, gate } = this.#options;
    const message = cause instanceof Error ? cause.message : String(cause);
    const kept = await this.#keep(page);
    return new SchemaError(`${shownUrl(page.url)}: ${message}${gate.explain(counts)}${kept}`, {
      frame: job.name,
      cause,
      ...(cause instanceof MillraceError && cause.hint ? { hint: cause.hint } : {}),
    });
  }

  #see(page: Page, rows: number): void {
    this.#first ??= { url: page.url, body: page.body };
    if (rows === 0) this.#firstEmpty ??= { url: page.url, body: page.body };
  }

  async #keep(page: SeenPage | undefined): Promise<string> {
    const { kept } = this.#options;
    if (!page || kept === null) return "";
    const path = await keepPage(kept, { url: shownUrl(page.url), body: page.body });
    return path === null ? "" : ` The page is kept in ${path}.`;
  }
}

/** A file that is packed itself, such as `sitemap.xml.gz`, as the page in it. */
async function unzipped(answer: WebAnswer, limit: number): Promise<WebAnswer> {
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

function emptyPage(number: number, isList: boolean): SchemaError {
  return new SchemaError(
    `No ${isList ? "link to follow" : "row"} was found on page ${number}, though a page before led to it.`,
    {
      hint: "See what the page answers (a login or a limit?), or declare `allowEmpty: true`.",
    },
  );
}
