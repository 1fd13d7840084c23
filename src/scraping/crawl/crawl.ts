import type { RequestQueue, Session } from "@crawlee/cheerio";
import type { Config } from "../../config/settings.ts";
import type { Logger } from "../../contracts/logger.ts";
import { SchemaError, UnavailableError } from "../../errors.ts";
import { headerOf, type WebAnswer } from "../http/exchange.ts";
import { asPageError } from "../http/send.ts";
import { wait } from "../http/wait.ts";
import { PageError, retryAfterOf } from "../page-error.ts";
import type { ScraperSource } from "../source.ts";
import { type Crawlee, crawleeLog, leaveInterruptsAlone, loadCrawlee } from "./crawlee.ts";
import type { Journal, PageRows, PendingPage, PlacedAsk } from "./journal.ts";
import { JournalQueue, pageOfRequest } from "./queue.ts";

/** What is needed of Crawlee's request. */
interface CrawlRequest {
  readonly retryCount: number;
  readonly userData: Record<string, unknown>;
  noRetry: boolean;
}

/** What one page gave, and where it leads. */
export interface PageResult {
  readonly rows: PageRows;
  readonly leadsTo: readonly PlacedAsk[];
}

/** How a crawl is to be run. */
export interface CrawlOptions {
  readonly source: ScraperSource;
  readonly config: Config;
  readonly journal: Journal;
  readonly logger: Logger;
  readonly signal: AbortSignal;
  /** Nothing is waited for: the answers are at hand. */
  readonly isReplay: boolean;
  /** Reads a page that was had. */
  read(answer: WebAnswer, page: PendingPage): Promise<PageResult>;
}

/** Makes the crawler of Crawlee that fetches: over HTTP, or by a browser. */
export type Engine = (parts: EngineParts) => Promise<{ run(): Promise<unknown>; stop(): void }>;

/** What all engines do in the same way. */
export interface EngineParts {
  readonly crawlee: Crawlee;
  readonly options: CrawlOptions;
  readonly common: ReturnType<typeof commonOptions>;
  /** Called before each page. */
  beforePage(): void;
  /** Called with what came of each page. @throws what makes the page fail, or be tried again. */
  handle(request: CrawlRequest, answer: Promise<WebAnswer> | undefined, session: Session | undefined): Promise<void>;
}

/**
 * Fetches what the journal asks for, and what that leads to, until nothing is left. Pages that can't be had are tried again, then
 * kept as failed; the others go on, up to `maxFailures`. A page that can't be read ends the crawl at once.
 *
 * @throws the first failure, PageError with address and status or SchemaError with address.
 */
export async function crawl(options: CrawlOptions, engine: Engine): Promise<void> {
  const { source, journal, logger, signal } = options;
  const crawlee = await loadCrawlee();
  signal.throwIfAborted();
  const queue = new JournalQueue(crawlee, journal);
  const interrupts = new Set<unknown>(process.listeners("SIGINT"));
  let failure: unknown;
  const stop = (error: unknown) => {
    failure ??= error;
    queue.isClosed = true;
  };
  const failed = (request: CrawlRequest, error: unknown) => {
    const { id, url } = pageOfRequest(request);
    const reason = error instanceof SchemaError ? error : asPageError(url, error);
    journal.fail(id, request.retryCount, reason.message);
    failure ??= reason;
    if (reason instanceof SchemaError || journal.counts.failed > source.maxFailures) queue.isClosed = true;
  };
  const retrying = async (request: CrawlRequest, error: unknown) => {
    if (signal.aborted || queue.isClosed) request.noRetry = true;
    if (request.noRetry) return;
    const reason = asPageError(pageOfRequest(request).url, error);
    const pause = reason.retryAfter ?? Math.min(source.retryDelay * 2 ** request.retryCount, 30_000);
    if (pause > source.maxWait) {
      request.noRetry = true;
      return;
    }
    logger.warn({ url: reason.url, status: reason.status ?? null, try: request.retryCount + 1 }, reason.message);
    await wait(options.isReplay ? 0 : pause, signal);
  };
  const parts: EngineParts = {
    crawlee,
    options,
    common: commonOptions(crawlee, options, queue, retrying, failed),
    beforePage: () => leaveInterruptsAlone(interrupts),
    async handle(request, asked, session) {
      const page = pageOfRequest(request);
      try {
        const answer = await asked;
        if (!answer) throw new PageError(page.url, { reason: "was answered by nobody" });
        signal.throwIfAborted();
        const isSkipped = isLeftOut(answer, source, logger);
        const { rows, leadsTo } = isSkipped ? nothing : await options.read(answer, page);
        journal.finish(page.id, answer.url, rows, leadsTo, source.maxPages);
      } catch (error) {
        const isRefused =
          session !== undefined && error instanceof PageError && [401, 403, 407].includes(error.status ?? 0);
        if (isRefused) session.retire();
        if (!isRefused && !(error instanceof PageError && error.passing)) request.noRetry = true;
        if (!(error instanceof PageError || error instanceof SchemaError)) stop(error);
        throw error;
      }
    },
  };
  const crawler = await engine(parts);
  const onAbort = () => crawler.stop();
  signal.addEventListener("abort", onAbort, { once: true });
  try {
    await crawler.run();
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
  signal.throwIfAborted();
  if (failure !== undefined) throw failure;
  const { asked, running } = journal.counts;
  if (asked + running > 0) throw new UnavailableError(`The crawl ended with ${asked + running} pages still to fetch.`);
}

const nothing: PageResult = { rows: { count: 0, bytes: null, file: null }, leadsTo: [] };

/** Whether the page may be missing, as the source says. @throws PageError for any other error status. */
function isLeftOut({ url, status, headers }: WebAnswer, { skip }: ScraperSource, logger: Logger): boolean {
  if (status < 400) return false;
  const error = new PageError(url, { status, retryAfter: retryAfterOf(headerOf(headers, "retry-after")) });
  if (!skip.includes(status)) throw error;
  logger.info({ url: error.url, status }, `${error.url} answered ${status} and is left out, as \`skip\` says.`);
  return true;
}

/** Crawlee's options that all its crawlers share. */
function commonOptions(
  crawlee: Crawlee,
  { source, logger }: CrawlOptions,
  queue: JournalQueue,
  retrying: (request: CrawlRequest, error: unknown) => Promise<void>,
  failed: (request: CrawlRequest, error: unknown) => void,
) {
  return {
    log: crawleeLog(crawlee, logger),
    // Crawlee has an option for queues of one's own, `requestManager`, and its check of options refuses it. It uses no more of this one.
    requestQueue: queue as unknown as RequestQueue,
    retryOnBlocked: false,
    maxRequestRetries: source.retries,
    maxConcurrency: source.concurrency,
    autoscaledPoolOptions: { desiredConcurrency: source.concurrency },
    // The web client has the time limits: Crawlee's would count the waiting for a host's turn.
    navigationTimeoutSecs: 86_400,
    requestHandlerTimeoutSecs: 86_400,
    statisticsOptions: { logIntervalSecs: 86_400, saveErrorSnapshots: false },
    errorHandler: ({ request }: { request: CrawlRequest }, error: Error) => retrying(request, error),
    failedRequestHandler: async ({ request }: { request: CrawlRequest }, error: Error) => failed(request, error),
  };
}

/** No file of Crawlee's own is left behind. */
export function crawleeConfiguration({ Configuration }: Crawlee) {
  return new Configuration({ persistStorage: false, storageClientOptions: { persistStorage: false } });
}
