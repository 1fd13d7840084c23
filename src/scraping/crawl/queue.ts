import type { IRequestManager, Request } from "@crawlee/cheerio";
import type { Crawlee } from "./crawlee.ts";
import type { Journal, PendingPage } from "./journal.ts";

/** The page that a request of Crawlee's stands for. */
export function pageOfRequest(request: { userData: Record<string, unknown> }): PendingPage {
  return request.userData.page as PendingPage;
}

/** The journal as the queue that Crawlee takes its requests from. Only what is under way is in memory. */
export class JournalQueue implements IRequestManager {
  readonly #crawlee: Crawlee;
  readonly #journal: Journal;
  /** Nothing is handed out any more; what is under way ends. */
  isClosed = false;

  constructor(crawlee: Crawlee, journal: Journal) {
    this.#crawlee = crawlee;
    this.#journal = journal;
  }

  async isEmpty(): Promise<boolean> {
    return this.isClosed || this.#journal.counts.asked === 0;
  }

  async isFinished(): Promise<boolean> {
    const { asked, running } = this.#journal.counts;
    return running === 0 && (this.isClosed || asked === 0);
  }

  async handledCount(): Promise<number> {
    const { done, failed } = this.#journal.counts;
    return done + failed;
  }

  getTotalCount(): number {
    const { asked, running, done, failed } = this.#journal.counts;
    return asked + running + done + failed;
  }

  getPendingCount(): number {
    const { asked, running } = this.#journal.counts;
    return asked + running;
  }

  async fetchNextRequest<T extends Record<string, unknown>>(): Promise<Request<T> | null> {
    const page = this.isClosed ? null : this.#journal.take();
    if (!page) return null;
    const request = new this.#crawlee.Request<T>({
      url: page.url,
      uniqueKey: String(page.id),
      // The engines open pages themselves, where each failure can be told for what it is: Crawlee takes any refused connection for
      // one of a proxy, and would change sessions without end.
      skipNavigation: true,
      userData: { page } as never,
    });
    request.id = String(page.id);
    request.retryCount = page.tries;
    return request;
  }

  async reclaimRequest(request: Request): Promise<null> {
    this.#journal.giveBack(pageOfRequest(request).id, request.retryCount);
    return null;
  }

  /** The handlers of the crawl have said in the journal what became of the page. */
  async markRequestHandled(): Promise<void> {}

  async addRequest(): Promise<never> {
    throw new Error("Pages are asked for through the journal");
  }

  async addRequestsBatched(): Promise<never> {
    throw new Error("Pages are asked for through the journal");
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Request> {
    for (let next = await this.fetchNextRequest(); next; next = await this.fetchNextRequest()) yield next;
  }
}
