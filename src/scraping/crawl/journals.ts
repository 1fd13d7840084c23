import { createHash, randomUUID } from "node:crypto";
import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import type { Logger } from "../../contracts/logger.ts";
import { ConflictError } from "../../errors.ts";
import { tryLock } from "../../system/lock.ts";
import type { ScrapeOptions } from "../scrape-options.ts";
import type { ScraperSource } from "../source.ts";
import type { PlainAsk } from "./ask.ts";
import { Journal, journalVersion } from "./journal.ts";

/** How a journal is to be opened. */
export interface JournalRequest {
  /** Where it lies; null keeps it in memory. */
  readonly folder: string | null;
  readonly name: string;
  readonly source: ScraperSource;
  readonly starts: readonly PlainAsk[];
  readonly run: ScrapeOptions["run"];
  readonly logger: Logger;
}

/** A journal and the lock on it. */
export interface OpenJournal extends AsyncDisposable {
  readonly journal: Journal;
  /** Tells this crawl from others; with the moment at which it began when it is gone on with. */
  readonly mark: { readonly id: string; readonly since?: string };
  /** Removes it: nothing is to be gone on with. */
  forget(): Promise<void>;
}

/**
 * Opens the journal of a source: that of a crawl which ended early, or a new one; the log says which and why.
 *
 * @throws ConflictError LOCKED while another process scrapes the source.
 */
export async function beginJournal(request: JournalRequest): Promise<OpenJournal> {
  const { folder, logger, name } = request;
  if (folder === null) {
    const journal = new Journal(null);
    return {
      journal,
      mark: { id: randomUUID() },
      async forget() {},
      [Symbol.asyncDispose]: async () => journal[Symbol.dispose](),
    };
  }
  await using stack = new AsyncDisposableStack();
  // Addresses and rows are nobody else's business.
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const lock = await tryLock(join(folder, "scrape.lock"));
  if (!lock) {
    throw new ConflictError(`${name} is being scraped by another process.`, {
      frame: name,
      hint: "Try again when it is done.",
    });
  }
  stack.use(lock);
  const path = join(folder, "journal.sqlite");
  const print = createHash("sha256")
    .update(`${journalVersion}\n${request.source.print}\n${JSON.stringify(request.starts)}`)
    .digest("hex");
  let journal = openJournal(path);
  let isResumed = false;
  const stale = journal === null ? "no" : whyNot(journal, print, request);
  if (journal !== null && stale === null) {
    const { done, failed, asked, running } = journal.counts;
    logger.info(
      { source: name, done, failed },
      `Going on with the crawl of ${name} that began at ${journal.get("began")}: ${done} pages are there, ${failed + asked + running} are asked for.`,
    );
    journal.reopen();
    isResumed = true;
  } else {
    const had = journal?.get("began");
    journal?.[Symbol.dispose]();
    await removeJournal(folder);
    if (had) logger.info({ source: name }, `Scraping ${name} anew: ${stale}.`);
    journal = new Journal(path);
    journal.set("print", print);
    journal.set("id", randomUUID());
    journal.set("began", new Date().toISOString());
  }
  const open = journal;
  stack.defer(() => open[Symbol.dispose]());
  const kept = stack.move();
  const since = open.get("began");
  return {
    journal: open,
    mark: { id: open.get("id") ?? "", ...(isResumed && since !== null && { since }) },
    async forget() {
      open[Symbol.dispose]();
      await removeJournal(folder);
    },
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

/** Why the crawl that a journal tells of is not gone on with; null when it is. */
function whyNot(journal: Journal, print: string, { run, source }: JournalRequest): string | null {
  const began = Date.parse(journal.get("began") ?? "");
  const when = `the crawl that began at ${journal.get("began")}`;
  if (run === "fresh") return `as asked, though ${when} ended early`;
  if (journal.get("print") !== print) return `${when} ended early, and its source was declared otherwise`;
  if (run === undefined && !(Date.now() - began <= source.resumeWithin))
    return `${when} ended early, and is too long ago`;
  return null;
}

function openJournal(path: string): Journal | null {
  const { existsSync } = process.getBuiltinModule("node:fs");
  if (!existsSync(path)) return null;
  try {
    return new Journal(path);
  } catch {
    // A file that is no journal: it is replaced.
    return null;
  }
}

async function removeJournal(folder: string): Promise<void> {
  for (const end of ["", "-wal", "-shm"]) await rm(join(folder, `journal.sqlite${end}`), { force: true });
  await rm(join(folder, "parts"), { recursive: true, force: true });
}
