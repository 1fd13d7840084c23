import type { DatabaseSync, SQLOutputValue, StatementSync } from "node:sqlite";
import { ConfigError } from "../../errors.ts";
import { shownUrl } from "../page-error.ts";
import { keyOfAsk, type PlainAsk } from "./ask.ts";
import { isStart, startOf } from "./place.ts";

/** A page that is to be fetched. */
export interface PendingPage extends PlainAsk {
  readonly id: number;
  readonly place: string;
  readonly tries: number;
}

/** A page that leads to another, and where that stands. */
export interface PlacedAsk {
  readonly ask: PlainAsk;
  readonly place: string;
}

/** What a page gave: rows as bytes, or the file that they lie in. */
export interface PageRows {
  readonly count: number;
  readonly bytes: Uint8Array | null;
  readonly file: string | null;
}

/** A page that is done, as it is read back. */
export interface DonePage extends PageRows {
  readonly place: string;
  readonly url: string;
}

export interface FailedPage {
  readonly url: string;
  readonly error: string;
}

/** How many pages stand where. */
export interface PageCounts {
  asked: number;
  running: number;
  done: number;
  failed: number;
}

const asked = 0;
const running = 1;
const done = 2;
const failed = 3;

/** Counts up with every change of the tables: a journal of another version is not gone on with. */
export const journalVersion = 1;

/**
 * What a crawl asked for, what became of it, and the rows: the crawl's queue and its memory, in one SQLite file, so that a process
 * that is killed at any instant leaves all that it had done. With no path it lies in memory.
 *
 * Obligation: one process at a time; the caller holds a lock.
 */
export class Journal implements Disposable {
  readonly counts: PageCounts = { asked: 0, running: 0, done: 0, failed: 0 };
  readonly #database: DatabaseSync;
  readonly #perStart = new Map<string, number>();
  readonly #insert: StatementSync;
  readonly #take: StatementSync;
  readonly #setState: StatementSync;
  readonly #finish: StatementSync;
  readonly #ready: StatementSync;
  #changed: () => void = () => {};

  constructor(path: string | null) {
    const { DatabaseSync } = process.getBuiltinModule("node:sqlite");
    const database = new DatabaseSync(path ?? ":memory:");
    this.#database = database;
    // A commit is safe against a kill with every mode, against a power cut up to the last checkpoint.
    database.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;
      CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value TEXT) STRICT;
      CREATE TABLE IF NOT EXISTS pages (id INTEGER PRIMARY KEY, place TEXT NOT NULL, key TEXT NOT NULL UNIQUE, ask TEXT NOT NULL,
        url TEXT NOT NULL, state INTEGER NOT NULL DEFAULT ${asked}, tries INTEGER NOT NULL DEFAULT 0, count INTEGER NOT NULL DEFAULT 0,
        rows BLOB, file TEXT, error TEXT) STRICT;
      CREATE INDEX IF NOT EXISTS by_state ON pages (state, place);
      CREATE INDEX IF NOT EXISTS by_place ON pages (place);`);
    this.#insert = database.prepare("INSERT OR IGNORE INTO pages (place, key, ask, url) VALUES (?, ?, ?, ?)");
    this.#take = database.prepare(
      `UPDATE pages SET state = ${running} WHERE id = (SELECT id FROM pages WHERE state = ${asked} ORDER BY place LIMIT 1) RETURNING id, place, ask, tries`,
    );
    this.#setState = database.prepare("UPDATE pages SET state = ?, tries = ?, error = ? WHERE id = ?");
    this.#finish = database.prepare(
      `UPDATE pages SET state = ${done}, count = ?, rows = ?, file = ?, error = NULL, url = ? WHERE id = ?`,
    );
    this.#ready = database.prepare(
      `SELECT place, url, count, rows, file FROM pages WHERE state = ${done} AND place > ? AND place <
        ifnull((SELECT min(place) FROM (SELECT min(place) AS place FROM pages WHERE state = ${asked}
          UNION ALL SELECT min(place) FROM pages WHERE state = ${running} UNION ALL SELECT min(place) FROM pages WHERE state = ${failed})), 'x')
        ORDER BY place LIMIT ?`,
    );
    this.#recount();
  }

  /** A fact of the whole crawl. */
  get(name: string): string | null {
    const row = this.#database.prepare("SELECT value FROM meta WHERE name = ?").get(name);
    return typeof row?.value === "string" ? row.value : null;
  }

  set(name: string, value: string): void {
    this.#database.prepare("INSERT OR REPLACE INTO meta VALUES (?, ?)").run(name, value);
  }

  /** Pages that were under way when a process ended are asked for again; those that failed too. */
  reopen(): void {
    this.#database.exec(
      `UPDATE pages SET state = ${asked}, tries = 0, error = NULL WHERE state IN (${running}, ${failed})`,
    );
    this.#recount();
  }

  /** Asks for pages; those that were asked for before are left out. */
  ask(pages: readonly PlacedAsk[], maxPages = Number.POSITIVE_INFINITY): void {
    this.#inTransaction(() => this.#askAll(pages, maxPages));
    this.#tell();
  }

  /** The next page to fetch, in order; null when none waits. */
  take(): PendingPage | null {
    if (this.counts.asked === 0) return null;
    const row = this.#take.get();
    if (!row) return null;
    this.counts.asked--;
    this.counts.running++;
    return {
      ...(JSON.parse(text(row.ask)) as PlainAsk),
      id: Number(row.id),
      place: text(row.place),
      tries: Number(row.tries),
    };
  }

  /** Keeps what a page gave, together with the pages that it leads to. */
  finish(id: number, url: string, rows: PageRows, leadsTo: readonly PlacedAsk[], maxPages: number): void {
    this.#inTransaction(() => {
      this.#askAll(leadsTo, maxPages);
      this.#finish.run(rows.count, rows.bytes, rows.file, url, id);
    });
    this.counts.running--;
    this.counts.done++;
    this.#tell();
  }

  /** The page is asked for again. */
  giveBack(id: number, tries: number): void {
    this.#setState.run(asked, tries, null, id);
    this.counts.running--;
    this.counts.asked++;
  }

  fail(id: number, tries: number, error: string): void {
    this.#setState.run(failed, tries, error, id);
    this.counts.running--;
    this.counts.failed++;
    this.#tell();
  }

  /** Done pages behind `after`, as far as no page before them is still open. */
  ready(after: string, limit: number): DonePage[] {
    return this.#ready.all(after, limit).map((row) => ({
      place: text(row.place),
      url: text(row.url),
      count: Number(row.count),
      bytes: row.rows instanceof Uint8Array ? row.rows : null,
      file: typeof row.file === "string" ? row.file : null,
    }));
  }

  failures(limit: number): FailedPage[] {
    const rows = this.#database
      .prepare(`SELECT url, error FROM pages WHERE state = ${failed} ORDER BY place LIMIT ?`)
      .all(limit);
    return rows.map(({ url, error }) => ({ url: text(url), error: text(error) }));
  }

  /** Resolves with the next change that can make pages ready. */
  changed(): Promise<void> {
    return new Promise((resolve) => {
      this.#changed = resolve;
    });
  }

  [Symbol.dispose](): void {
    if (this.#database.isOpen) this.#database.close();
  }

  #tell(): void {
    this.#changed();
  }

  #askAll(pages: readonly PlacedAsk[], maxPages: number): void {
    for (const { ask, place } of pages) {
      const { changes } = this.#insert.run(place, keyOfAsk(ask), JSON.stringify(ask), ask.url);
      if (changes === 0) continue;
      const start = startOf(place);
      // Of most start addresses there is one page: only further ones are counted.
      const count = isStart(place) ? 1 : (this.#perStart.get(start) ?? 1) + 1;
      if (count > maxPages) throw tooManyPages(ask.url, maxPages);
      if (count > 1) this.#perStart.set(start, count);
      this.counts.asked++;
    }
  }

  #inTransaction(work: () => void): void {
    const { asked: before } = this.counts;
    this.#database.exec("BEGIN");
    try {
      work();
      this.#database.exec("COMMIT");
    } catch (error) {
      this.#database.exec("ROLLBACK");
      this.counts.asked = before;
      throw error;
    }
  }

  #recount(): void {
    const of = new Map(
      this.#database
        .prepare("SELECT state, count(*) AS n FROM pages GROUP BY state")
        .all()
        .map(({ state, n }) => [Number(state), Number(n)]),
    );
    Object.assign(this.counts, {
      asked: of.get(asked) ?? 0,
      running: of.get(running) ?? 0,
      done: of.get(done) ?? 0,
      failed: of.get(failed) ?? 0,
    });
    for (const { start, n } of this.#database
      .prepare("SELECT substr(place, 1, 8) AS start, count(*) AS n FROM pages GROUP BY 1 HAVING n > 1")
      .all()) {
      this.#perStart.set(text(start), Number(n));
    }
  }
}

function text(value: SQLOutputValue | undefined): string {
  return typeof value === "string" ? value : "";
}

function tooManyPages(url: string, maxPages: number): ConfigError {
  return new ConfigError(`${shownUrl(url)} would be page ${maxPages + 1} from one start address.`, {
    hint: "Raise `maxPages`, or check that `next` ends.",
  });
}
