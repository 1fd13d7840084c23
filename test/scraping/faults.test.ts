import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { FinvizScraper } from "../../examples/finviz/finviz-scraper.ts";
import type { Fault } from "../../examples/finviz/replica/faults.ts";
import { startReplica } from "../../examples/finviz/replica/server.ts";
import { parseConfig } from "../../src/config/load.ts";
import { DataFactory } from "../../src/factory/data-factory.ts";
import { records } from "../../src/frame/records.ts";
import type { ScraperSource } from "../../src/scraping/source.ts";
import { logLines } from "./log-lines.ts";
import { afterTest, temporaryFolder } from "./site.ts";

/** A replica that was scraped once while it was sound, with the result in the csv storage. */
async function scraped(change: (source: ScraperSource) => Partial<ScraperSource> = () => ({})) {
  const replica = await startReplica({ stocks: 45 });
  afterTest(replica.close);
  const log = logLines();
  const folder = temporaryFolder();
  const config = parseConfig({
    FINVIZ_URL: replica.url,
    FS_DATA: folder,
    FS_TEMP: `${folder}/temp`,
    SCRAPE_CACHE_MB: 0,
  });
  const factory = new DataFactory({ config, logger: log.logger });
  afterTest(() => factory.close());
  class Quick extends FinvizScraper {
    constructor() {
      super(config, log.logger);
      const quick = { ...this.sources.screener, retries: 1, retryDelay: 1, timeout: 10_000 };
      Object.assign(this.sources, { screener: { ...quick, ...change(quick) } });
    }
  }
  const saver = factory.createDataSaver("csv");
  const scraper = new Quick();
  expect(await scraper.scrapeSingleSource("screener", saver)).toBe(true);
  const kept = async () => records(await factory.createDataSource("csv").getData("screener"));
  const before = await kept();
  expect(before).toHaveLength(45);
  /** Scrapes again while the site is at fault. Resolves with what the log says, once the old data was seen to be whole. */
  const scrapeWith = async (fault: Fault) => {
    replica.fault = fault;
    replica.asked.clear();
    expect(await scraper.scrapeSingleSource("screener", saver)).toBe(false);
    expect(await kept()).toEqual(before);
    return log.lines.filter(({ level }) => level === "error").at(-1)?.message ?? "";
  };
  return { replica, log, scraper, saver, scrapeWith, folder };
}

test("a renamed class of the rows fails the source, names the selector and keeps the page", async () => {
  const { scrapeWith } = await scraped();
  const message = await scrapeWith("rename-class");
  expect(message).toContain("No row was found");
  expect(message).toContain(
    'The selector "table.screener_table tr.styled-row" finds nothing any more; it found 45 before.',
  );
  const [, path = ""] = /kept in (\S+\.html\.gz)/.exec(message) ?? [];
  expect(gunzipSync(readFileSync(path)).toString()).toContain("table-row");
});

test("a renamed class inside the rows fails the source and names the selector", async () => {
  const { scrapeWith } = await scraped();
  const message = await scrapeWith("rename-cell");
  expect(message).toContain('the field "ticker" ("a.tab-link") of row 1: the selector finds nothing');
  expect(message).toMatch(/kept in \S+\.html\.gz/);
});

test("429 on every try fails the source with its status", async () => {
  const { scrapeWith, replica } = await scraped();
  expect(await scrapeWith("too-many-requests")).toContain("screener.ashx?v=111 answered 429");
  expect([...replica.asked.values()]).toEqual([2]);
});

test("500 on every try fails the source with its status", async () => {
  const { scrapeWith } = await scraped();
  expect(await scrapeWith("server-error")).toContain("answered 500");
});

test("a connection that is cut in the middle of a page fails the source: half a page is never read", async () => {
  const { scrapeWith } = await scraped();
  expect(await scrapeWith("cut-connection")).toMatch(/cut off before its end|aborted/);
});

test("a site that hangs fails the source when the time of a page is over", async () => {
  const { scrapeWith } = await scraped(() => ({ timeout: 300 }));
  expect(await scrapeWith("hang")).toContain("did not answer within 300 ms");
});

test("redirects in a circle fail the source at once", async () => {
  const { scrapeWith, replica } = await scraped();
  expect(await scrapeWith("redirect-circle")).toContain("redirects in a circle");
  expect([...replica.asked.values()].reduce((sum, count) => sum + count, 0)).toBeLessThan(5);
});

test("a bomb is refused while it is unpacked, and does not fill the memory", async () => {
  const { scrapeWith } = await scraped();
  const before = process.memoryUsage().rss;
  expect(await scrapeWith("bomb")).toContain("unpacks to more than 64 MB");
  expect((process.memoryUsage().rss - before) >> 20).toBeLessThan(300);
});

test.each(["server-error", "rename-class", "rename-cell"] as const)(
  "once the site is sound again after %s the next scrape saves",
  async (fault) => {
    const { scrapeWith, replica, scraper, saver } = await scraped();
    await scrapeWith(fault);
    replica.fault = undefined;
    expect(await scraper.scrapeSingleSource("screener", saver)).toBe(true);
  },
);

test("the views and the quote pages are read whole", async () => {
  const replica = await startReplica({ stocks: 45 });
  afterTest(replica.close);
  const folder = temporaryFolder();
  const log = logLines();
  const config = parseConfig({ FINVIZ_URL: replica.url, FS_DATA: folder });
  await using factory = new DataFactory({ config, logger: log.logger });
  expect(await new FinvizScraper(config, log.logger).scrapeData(factory.createDataSaver("csv"))).toBe(true);
  const read = async (name: string) => records(await factory.createDataSource("csv").getData(name));
  const [valuation, performance, quotes] = await Promise.all(["valuation", "performance", "quotes"].map(read));
  expect(valuation?.map(({ peg }) => peg)).toEqual(replica.stocks.map(({ peg }) => peg));
  expect(performance?.map(({ year }) => (year === null ? null : Math.round(Number(year) * 10_000)))).toEqual(
    replica.stocks.map(({ year }) => (year === null ? null : Math.round(year * 100))),
  );
  expect(
    quotes?.map(({ ticker, company, employees, low_52w, earnings }) => ({
      ticker,
      company,
      employees: Number(employees),
      low_52w,
      earnings,
    })),
  ).toEqual(
    replica.stocks.map(({ ticker, company, employees, low52, earnings }) => ({
      ticker,
      company,
      employees,
      low_52w: low52,
      earnings,
    })),
  );
});
