import type { CheerioCrawlingContext } from "@crawlee/cheerio";
import type { Logger } from "../contracts/logger.ts";
import { ConfigError, SchemaError, UnavailableError } from "../errors.ts";
import { crawleeLog, leaveInterruptsAlone, loadCrawlee } from "./crawlee.ts";
import { PageError, retryAfterOf, shownUrl } from "./page-error.ts";
import type { Page, ScraperSource } from "./source.ts";
import { wait } from "./wait.ts";

/** How a crawl is to be run. */
export interface CrawlOptions {
  readonly start: readonly string[];
  readonly source: ScraperSource;
  readonly logger: Logger;
  readonly signal?: AbortSignal | undefined;
}

interface Place {
  readonly start: number;
  readonly number: number;
}

/**
 * Fetches the start pages and what follows along `next`, and gives each to `read` once. Resolves with what
 * `read` gave, in page order. Everything is kept in memory; no file is left behind. The first page that can't
 * be had or read ends the crawl.
 *
 * @throws PageError with address and status.
 */
export async function crawl<T>(options: CrawlOptions, read: (page: Page) => Promise<T>): Promise<T[]> {
  const { source, logger, signal } = options;
  const crawlee = await loadCrawlee();
  signal?.throwIfAborted();
  const done: { place: Place; value: T }[] = [];
  let asked = 0;
  let failure: unknown;
  const listeners = new Set<unknown>(process.listeners("SIGINT"));
  const crawler = new crawlee.CheerioCrawler(
    {
      log: crawleeLog(crawlee, logger),
      useSessionPool: false,
      retryOnBlocked: false,
      maxRequestRetries: source.retries,
      maxConcurrency: 8,
      navigationTimeoutSecs: source.timeout / 1_000,
      requestHandlerTimeoutSecs: 60 + (source.timeout + source.delay) / 1_000,
      // Status and content type are judged below, where the error can name them.
      additionalMimeTypes: ["*/*"],
      ignoreHttpErrorStatusCodes: Array.from({ length: 100 }, (_, index) => 500 + index),
      statisticsOptions: { logIntervalSecs: 86_400, saveErrorSnapshots: false },
      preNavigationHooks: [
        async ({ request }, got) => {
          leaveInterruptsAlone(listeners);
          if (placeOf(request).number > 1) await wait(source.delay, signal);
          got.headers = { ...got.headers, ...source.headers };
          got.retry = { limit: 0 };
          if (signal) got.signal = signal;
        },
      ],
      requestHandler: async (context) => {
        if (failure !== undefined || signal?.aborted) return;
        const place = placeOf(context.request);
        try {
          const page = await pageOf(context, place);
          const value = await read(page);
          const next = nextOf(page, source);
          if (next !== undefined && place.number >= source.maxPages) throw tooManyPages(page.url, source.maxPages);
          if (next !== undefined) await ask([{ url: next, userData: { ...place, number: place.number + 1 } }]);
          done.push({ place, value });
        } catch (error) {
          if (!(error instanceof PageError && error.passing)) context.request.noRetry = true;
          throw error;
        }
      },
      errorHandler: async ({ request }, error) => {
        if (signal?.aborted) request.noRetry = true;
        const reason = asPageError(request.url, error);
        const pause = reason.retryAfter ?? Math.min(source.retryDelay * 2 ** request.retryCount, 30_000);
        logger.warn({ url: reason.url, status: reason.status ?? null, try: request.retryCount + 1 }, reason.message);
        await wait(pause, signal);
      },
      failedRequestHandler: async ({ request }, error) => {
        failure ??= request.noRetry ? error : asPageError(request.url, error);
        crawler.stop();
      },
    },
    new crawlee.Configuration({ persistStorage: false, storageClientOptions: { persistStorage: false } }),
  );
  /** Queues pages; those that were asked for before are left out. */
  const ask = async (requests: { url: string; userData: Place & Record<string, unknown> }[]) => {
    const { addedRequests } = await crawler.addRequests(requests, { waitForAllRequestsToBeAdded: true });
    asked += addedRequests.filter(({ wasAlreadyPresent }) => !wasAlreadyPresent).length;
  };
  await ask(options.start.map((url, start) => ({ url, userData: { start, number: 1 } })));
  await crawler.run();
  signal?.throwIfAborted();
  if (failure !== undefined) throw failure;
  if (done.length !== asked) throw new UnavailableError(`The crawl ended with ${done.length} of ${asked} pages.`);
  return done
    .sort((a, b) => a.place.start - b.place.start || a.place.number - b.place.number)
    .map(({ value }) => value);
}

function placeOf(request: { userData: Record<string, unknown> }): Place {
  return { start: Number(request.userData.start), number: Number(request.userData.number) };
}

async function pageOf(context: CheerioCrawlingContext, place: Place): Promise<Page> {
  const { request, response, contentType } = context;
  const url = request.loadedUrl ?? request.url;
  const status = response.statusCode ?? 0;
  if (status >= 400) {
    const retryAfter = retryAfterOf(response.headers["retry-after"]);
    throw new PageError(url, { status, ...(retryAfter === undefined ? {} : { retryAfter }) });
  }
  if (!/(html|xml|json)$/.test(contentType.type)) {
    throw new PageError(url, { status, reason: `answered with ${contentType.type}, which is no page` });
  }
  const body = context.body.toString();
  return {
    $: context.$ ?? (await context.parseWithCheerio()),
    url,
    number: place.number,
    request: { url: request.url },
    body,
    json() {
      try {
        return JSON.parse(body);
      } catch (cause) {
        throw new SchemaError("The answer is not JSON.", { cause });
      }
    },
  };
}

function nextOf(page: Page, { next }: ScraperSource): string | undefined {
  const link = typeof next === "string" ? page.$(next).first().attr("href") : next?.(page);
  if (link === undefined || link === null || link === "") return undefined;
  if (URL.canParse(link, page.url)) return new URL(link, page.url).href;
  throw new SchemaError(`"${link}" on ${shownUrl(page.url)} is no address of a next page.`);
}

function tooManyPages(url: string, maxPages: number): ConfigError {
  return new ConfigError(`${shownUrl(url)} is page ${maxPages} and leads to another.`, {
    hint: "Raise `maxPages`, or check that `next` ends.",
  });
}

function asPageError(url: string, error: unknown): PageError {
  if (error instanceof PageError) return error;
  const reason = (error instanceof Error ? error.message : String(error)).split("\n", 1)[0]?.replace(/\.$/, "");
  return new PageError(url, { reason: `could not be fetched: ${reason}`, cause: error });
}
