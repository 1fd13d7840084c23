import { readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { records } from "../../src/frame/records.ts";
import { Scraper } from "../../src/scraping/scraper.ts";
import { type SourceDefinition, source } from "../../src/scraping/source.ts";
import { CsvStorage } from "../../src/storages/csv/index.ts";
import { BatchSaver } from "./memory-saver.ts";
import { html, pagesOf, scraperOf, serve } from "./site.ts";

/** A site of ten pages, of which some fail while they are told to. */
async function tenPages(more: Partial<SourceDefinition> = {}) {
  const broken = new Set<string>();
  const { base, asked } = await serve(({ url = "" }, response) => {
    if (broken.has(url)) response.writeHead(404).end();
    else html(response, `<p>${url}</p>`);
  });
  const start = Array.from({ length: 10 }, (_, index) => `${base}/${index}`);
  const made = scraperOf({ pages: pagesOf(start, { concurrency: 1, retries: 0, maxFailures: 20, ...more }) });
  const saver = new BatchSaver();
  const scrape = async (options = {}) => {
    asked.clear();
    return made.scraper.scrapeSingleSource("pages", saver, options);
  };
  return { ...made, broken, asked, saver, scrape, start };
}

const said = (lines: { message: string }[], what: string) =>
  lines.filter(({ message }) => message.includes(what)).length;

test("a scrape that failed on some pages goes on with these alone, and gives all rows in order", async () => {
  const { broken, scrape, asked, saver, log } = await tenPages();
  broken.add("/3").add("/7");
  expect(await scrape()).toBe(false);
  expect(asked.size).toBe(10);
  expect(log.text("warn")).toContain("2 pages failed, 8 are done and kept");
  broken.clear();
  expect(await scrape()).toBe(true);
  expect([...asked.keys()].sort()).toEqual(["/3", "/7"]);
  expect(said(log.lines, "Going on with the crawl of pages")).toBe(1);
  expect(records(saver.kept.get("pages") as never).map(({ text }) => text)).toEqual(
    Array.from({ length: 10 }, (_, index) => `/${index}`),
  );
});

test("`fresh` fetches everything anew, and after a scrape that was saved so does the next one", async () => {
  const { broken, scrape, asked, log } = await tenPages();
  broken.add("/3");
  await scrape();
  broken.clear();
  expect(await scrape({ run: "fresh" })).toBe(true);
  expect(asked.size).toBe(10);
  expect(said(log.lines, "Scraping pages anew: as asked")).toBe(1);
  expect(await scrape()).toBe(true);
  expect(asked.size).toBe(10);
});

test("a scrape that ended early long ago is begun anew, unless `resume` says otherwise", async () => {
  const { broken, scrape, asked, log } = await tenPages({ resumeWithin: -1 });
  broken.add("/3");
  await scrape();
  await scrape();
  expect(asked.size).toBe(10);
  expect(said(log.lines, "is too long ago")).toBe(1);
  broken.clear();
  expect(await scrape({ run: "resume" })).toBe(true);
  expect(asked.size).toBe(1);
});

test("a scrape is not gone on with by other code", async () => {
  const { broken, scrape, asked, config, log, saver, start } = await tenPages();
  broken.add("/3");
  await scrape();
  broken.clear();
  asked.clear();
  class Own extends Scraper {
    readonly sources = { pages: pagesOf(start, { parse: () => [{ text: "other", url: "x", number: 1 }] }) };
  }
  expect(await new Own(config, log.logger).scrapeData(saver)).toBe(true);
  expect(asked.size).toBe(10);
  expect(log.text("info")).toContain("its source was declared otherwise");
});

test("`retryFailed` scrapes the sources that failed last time, and says which it leaves alone", async () => {
  const broken = new Set(["/bad"]);
  const { base, asked } = await serve(({ url = "" }, response) =>
    broken.has(url) ? response.writeHead(500).end() : html(response, "<p>x</p>"),
  );
  const { scraper, log } = scraperOf({ good: pagesOf(`${base}/good`), bad: pagesOf(`${base}/bad`, { retries: 0 }) });
  const saver = new BatchSaver();
  expect(await scraper.scrapeData(saver)).toBe(false);
  expect(log.text("error")).toContain("Failed: bad. Saved: good.");
  broken.clear();
  asked.clear();
  expect(await scraper.scrapeData(saver, { run: "retryFailed" })).toBe(true);
  expect([...asked.keys()]).toEqual(["/bad"]);
  expect(log.text("info")).toContain("good is left alone");
});

test("a save that fails fetches no page again", async () => {
  const { scrape, asked, saver } = await tenPages();
  const save = saver.saveData;
  saver.saveData = async () => {
    throw new Error("disk full");
  };
  expect(await scrape()).toBe(false);
  saver.saveData = save;
  expect(await scrape()).toBe(true);
  expect(asked.size).toBe(0);
  expect(saver.kept.get("pages")?.height).toBe(10);
});

test("an append that was done before the process was killed is not done again", async () => {
  const { config, log, asked, start } = await tenPages();
  class Own extends Scraper {
    readonly sources = { pages: pagesOf(start, { mode: "append" }) };
  }
  const storage = new CsvStorage({ config, logger: log.logger });
  const saver = storage.saver();
  const scraper = new Own(config, log.logger);
  const save = saver.saveBatches.bind(saver);
  saver.saveBatches = async (...given) => {
    await save(...given);
    throw new Error("killed before anybody knew");
  };
  expect(await scraper.scrapeData(saver)).toBe(false);
  saver.saveBatches = save;
  asked.clear();
  expect(await scraper.scrapeData(saver)).toBe(true);
  expect(asked.size).toBe(0);
  expect((await storage.source().getData("pages")).height).toBe(10);
  expect(await scraper.scrapeData(saver)).toBe(true);
  expect((await storage.source().getData("pages")).height).toBe(20);
});

test("batches come while the crawl goes on, and what was fetched is kept when the consumer ends early", async () => {
  const { base, asked } = await serve(({ url = "" }, response) => html(response, `<p>${url}</p>`));
  const start = Array.from({ length: 40 }, (_, index) => `${base}/${index}`);
  const rows = Array.from({ length: 10_000 }, (_, n) => ({ n }));
  const { scraper } = scraperOf({
    pages: source({ start, schema: { n: "int32" }, parse: () => rows, concurrency: 1 }),
  });
  const saver = new BatchSaver();
  let fetchedAtFirst = 0;
  saver.onBatch = () => {
    fetchedAtFirst ||= asked.size;
    throw new Error("enough");
  };
  expect(await scraper.scrapeSingleSource("pages", saver)).toBe(false);
  expect(fetchedAtFirst).toBeGreaterThan(10);
  expect(fetchedAtFirst).toBeLessThan(40);
  saver.onBatch = () => {};
  expect(await scraper.scrapeSingleSource("pages", saver)).toBe(true);
  expect([...asked.values()].filter((count) => count > 1).length).toBeLessThanOrEqual(1);
  expect(saver.kept.get("pages")?.height).toBe(400_000);
});

test("two scrapes of one source at once: the second fails, and says that another one runs", async () => {
  const release: (() => void)[] = [];
  const { base } = await serve((_, response) => void release.push(() => html(response, "<p>x</p>")));
  const { scraper, config, log } = scraperOf({ pages: pagesOf(base, { robots: false }) });
  const first = scraper.scrapeData(new BatchSaver());
  await expect.poll(() => release.length, { timeout: 20_000 }).toBe(1);
  class Own extends Scraper {
    readonly sources = scraper.sources;
  }
  expect(await new Own(config, log.logger).scrapeData(new BatchSaver())).toBe(false);
  expect(log.text("error")).toContain("is being scraped by another process");
  for (const answer of release) answer();
  expect(await first).toBe(true);
});

test("a journal that is damaged is replaced, and nothing of a scrape that was saved is left", async () => {
  const { scrape, config } = await tenPages();
  await scrape();
  const folder = join(config.FS_DATA, ".millrace/scraping/Own/pages");
  expect(readdirSync(folder).filter((name) => name.startsWith("journal"))).toEqual([]);
  writeFileSync(join(folder, "journal.sqlite"), "no database");
  expect(await scrape()).toBe(true);
});

test("pages that may be missing are left out", async () => {
  const { broken, scrape, saver, log } = await tenPages({ skip: [404, 410] });
  broken.add("/3");
  expect(await scrape()).toBe(true);
  expect(saver.kept.get("pages")?.height).toBe(9);
  expect(log.text("info")).toContain("/3 answered 404 and is left out");
});

test("an abort keeps what was fetched", async () => {
  const controller = new AbortController();
  const { base, asked } = await serve(({ url }, response, count) => {
    if (url === "/5" && count === 1) controller.abort(new Error("enough"));
    html(response, `<p>${url}</p>`);
  });
  const start = Array.from({ length: 10 }, (_, index) => `${base}/${index}`);
  const { scraper } = scraperOf({ pages: pagesOf(start, { concurrency: 1 }) });
  const saver = new BatchSaver();
  await expect(scraper.scrapeData(saver, { signal: controller.signal })).rejects.toThrow("enough");
  expect(await scraper.scrapeData(saver)).toBe(true);
  expect([...asked.values()].reduce((sum, count) => sum + count, 0)).toBe(11);
});
