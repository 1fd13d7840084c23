import type { Memory } from "./gate/memory.ts";

/** What the scraper's own methods take besides the contract's. */
export interface ScrapeOptions {
  /** Ends the scraping and saves nothing more; the promise rejects with the signal's reason. */
  readonly signal?: AbortSignal;
  /**
   * `fresh` fetches everything anew. `resume` goes on with a crawl that ended early, however old. `retryFailed` does so for the
   * sources that failed last time, and leaves the others alone. Default: a crawl that ended early less than `resumeWithin` ago is
   * gone on with, else all is fetched anew. The log says which.
   */
  readonly run?: "fresh" | "resume" | "retryFailed";
  /** Takes what differs from the last good runs for an intended change. */
  readonly accept?: boolean;
  /** Keeps every exchange in an archive (WARC), without its secrets: at that path, or below FS_DATA/.millrace/scraping. */
  readonly record?: boolean | string;
  /** The archive that answers in place of the network. */
  readonly replay?: string;
  /** Where good runs are remembered: a pipeline's ledger. Default: files below FS_DATA/.millrace/scraping. */
  readonly memory?: Memory;
}
