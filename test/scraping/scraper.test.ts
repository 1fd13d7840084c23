import { describe, expect, test } from "vitest";
import { FinvizScraper } from "../../examples/finviz/finviz-scraper.ts";
import { type ReplicaOptions, startReplica } from "../../examples/finviz/replica/server.ts";
import { parseConfig } from "../../src/config/load.ts";
import { NotFoundError, SchemaError } from "../../src/errors.ts";
import { frame } from "../../src/frame/frame.ts";
import { frameSchema } from "../../src/frame/frame-schema.ts";
import { records } from "../../src/frame/records.ts";
import { Scraper } from "../../src/scraping/scraper.ts";
import { source } from "../../src/scraping/source.ts";
import { parseInteger } from "../../src/scraping/values.ts";
import { logLines } from "./log-lines.ts";
import { MemorySaver } from "./memory-saver.ts";
import { afterTest, html, scraperOf, serve, temporaryFolder } from "./site.ts";

async function finviz(options: ReplicaOptions = {}) {
  const replica = await startReplica({ stocks: 45, ...options });
  afterTest(replica.close);
  const log = logLines();
  const scraper = new FinvizScraper(parseConfig({ FINVIZ_URL: replica.url, FS_DATA: temporaryFolder() }), log.logger);
  return { replica, log, scraper, saver: new MemorySaver() };
}

describe("the screener of several pages", () => {
  test("is read whole and exactly: suffixes, percentages, missing P/E, entities", async () => {
    const { replica, scraper, saver } = await finviz();
    expect(await scraper.scrapeSingleSource("screener", saver)).toBe(true);
    const rows = records(saver.kept.get("screener") ?? frame([], {}));
    expect(rows.map(({ ticker }) => ticker)).toEqual(replica.stocks.map(({ ticker }) => ticker));
    for (const [index, stock] of replica.stocks.entries()) {
      const row = rows[index] ?? {};
      expect(row).toMatchObject({ company: stock.company, sector: stock.sector, price: stock.price, pe: stock.pe });
      expect(Number(row.volume)).toBe(stock.volume);
      expect(row.change).toBeCloseTo(stock.change / 100, 10);
      expect(Number(row.market_cap) / stock.marketCap).toBeCloseTo(1, 1);
    }
    expect(rows.some(({ pe }) => pe === null)).toBe(true);
    expect(rows.some(({ company }) => String(company).includes("<Micro>"))).toBe(true);
    expect(saver.options.get("screener")).toEqual({ key: ["ticker"] });
    expect([...replica.asked.keys()]).toHaveLength(3);
  });

  test("a 429 and a 500 on the way are overcome", async () => {
    const { scraper, saver, log } = await finviz({
      intercept: (request, response, count) => {
        if (count > 1 || !request.url?.includes("r=")) return false;
        response.writeHead(request.url.includes("r=21") ? 429 : 500, { "retry-after": "0" }).end();
        return true;
      },
    });
    expect(await scraper.scrapeSingleSource("screener", saver)).toBe(true);
    expect(saver.kept.get("screener")?.height).toBe(45);
    expect(log.text("warn")).toMatch(/answered 429[\s\S]*answered 500/);
  });

  test("a renamed class fails the source, says so, and the old data stays", async () => {
    const { scraper, saver, log } = await finviz({ fault: "rename-class" });
    const old = frame([{ ticker: "OLD" }], { ticker: "string" });
    saver.kept.set("screener", old);
    expect(await scraper.scrapeSingleSource("screener", saver)).toBe(false);
    expect(saver.kept.get("screener")).toBe(old);
    expect(log.text("error")).toContain("No row was found");
  });

  test("a page that can't be had fails the whole source: no part of it is saved", async () => {
    const { scraper, saver, log } = await finviz({
      intercept: (request, response) => {
        if (!request.url?.includes("r=41")) return false;
        response.writeHead(404).end();
        return true;
      },
    });
    expect(await scraper.scrapeSingleSource("screener", saver)).toBe(false);
    expect(saver.kept.size).toBe(0);
    expect(log.lines.find(({ level }) => level === "error")).toMatchObject({
      fields: { source: "screener", status: 404, url: expect.stringContaining("r=41") },
    });
  });

  test("a followed page without rows fails the source, names the page, and the old data stays", async () => {
    const { scraper, saver, log } = await finviz({
      intercept: (request, response) => {
        if (!request.url?.includes("r=21")) return false;
        response.writeHead(200, { "content-type": "text/html" }).end("<p>Please log in</p>");
        return true;
      },
    });
    const old = frame([{ ticker: "OLD" }], { ticker: "string" });
    saver.kept.set("screener", old);
    expect(await scraper.scrapeSingleSource("screener", saver)).toBe(false);
    expect(saver.kept.get("screener")).toBe(old);
    expect(log.text("error")).toMatch(/r=21.*No row was found on page 2/);
    await expect(scraper.fetchSource("screener")).rejects.toBeInstanceOf(SchemaError);
  });

  test("healthCheck answers for the host, and never throws", async () => {
    const { replica, scraper } = await finviz();
    expect(await scraper.healthCheck()).toBe(true);
    await replica.close();
    expect(await scraper.healthCheck()).toBe(false);
    expect(
      await new FinvizScraper(
        parseConfig({ FINVIZ_URL: "no address", FS_DATA: temporaryFolder() }),
        logLines().logger,
      ).healthCheck(),
    ).toBe(false);
  });
});

async function site(rows: string, second = rows) {
  const { base } = await serve(({ url }, response) =>
    html(response, url?.includes("page=2") ? second : `<ul>${rows}</ul>`),
  );
  return `${base}/list`;
}

const items = (start: string, more: Partial<Parameters<typeof source>[0]> = {}) =>
  source({
    start,
    schema: { id: "string", size: "int64?" },
    parse: ({ $ }) =>
      $("li")
        .toArray()
        .map((item) => ({ id: $(item).attr("id") ?? null, size: $(item).text() ? Number($(item).text()) : null })),
    ...more,
  });

describe("what a source declares", () => {
  test("a doubled key is refused", async () => {
    const start = await site('<li id="a">1</li><li id="a">2</li>');
    const { scraper, log, saver } = scraperOf({ list: items(start, { key: ["id"] }) });
    expect(await scraper.scrapeData(saver)).toBe(false);
    expect(log.text("error")).toMatch(/key "id".*row 1 and row 2/);
    expect(saver.kept.size).toBe(0);
  });

  test("a value that does not fit its column is refused with the page's address", async () => {
    const start = await site('<li id="a">1.5</li>');
    const { scraper, log, saver } = scraperOf({ list: items(start) });
    expect(await scraper.scrapeData(saver)).toBe(false);
    expect(log.text("error")).toContain(start);
    expect(log.text("error")).toContain("size");
  });

  test("a null in a column that must have values is refused, one in a `?` column is kept", async () => {
    const good = scraperOf({ list: items(await site('<li id="a"></li>')) });
    expect(await good.scraper.scrapeData(good.saver)).toBe(true);
    expect(records(good.saver.kept.get("list") ?? frame([], {}))).toEqual([{ id: "a", size: null }]);
    const bad = scraperOf({ list: items(await site("<li>1</li>")) });
    expect(await bad.scraper.scrapeData(bad.saver)).toBe(false);
    expect(bad.log.text("error")).toContain("id");
  });

  test("a frameSchema gives the columns, and the rows of parse their types", async () => {
    const schema = frameSchema({ id: "string", size: "int64?" });
    const start = await site('<li id="a">1</li><li id="b"></li>');
    const list = source({
      start,
      schema,
      parse: ({ $ }) =>
        $("li")
          .toArray()
          .map((item) => ({ id: $(item).attr("id") ?? "", size: parseInteger($(item).text()) })),
    });
    const { scraper, saver } = scraperOf({ list });
    expect(await scraper.scrapeData(saver)).toBe(true);
    expect(schema.records(saver.kept.get("list") ?? frame([]))).toEqual([
      { id: "a", size: 1n },
      { id: "b", size: null },
    ]);
    // @ts-expect-error a text is no int64
    source({ start, schema, parse: () => [{ id: "a", size: "1" }] });
    // @ts-expect-error a column without a value
    source({ start, schema, parse: () => [{ size: 1 }] });
  });

  test("no row at all is fine with allowEmpty", async () => {
    const { scraper, saver } = scraperOf({ list: items(await site(""), { allowEmpty: true }) });
    expect(await scraper.scrapeData(saver)).toBe(true);
    expect(saver.kept.get("list")?.columns).toEqual(["id", "size"]);
    expect(saver.kept.get("list")?.height).toBe(0);
  });

  test("a followed page without rows is fine with allowEmpty", async () => {
    const start = await site('<li id="a">1</li><a href="?page=2">next</a>', "<p>No more</p>");
    const { scraper, saver } = scraperOf({ list: items(start, { next: "a", allowEmpty: true }) });
    expect(await scraper.scrapeData(saver)).toBe(true);
    expect(saver.kept.get("list")?.height).toBe(1);
  });
});

describe("several sources", () => {
  test("the good ones are saved when one fails, and scrapeData says false", async () => {
    const start = await site('<li id="a">1</li>');
    const { scraper, saver, log } = scraperOf({ empty: items(await site("")), list: items(start) });
    expect(await scraper.getAvailableSources()).toEqual(["empty", "list"]);
    expect(await scraper.scrapeData(saver)).toBe(false);
    expect([...saver.kept.keys()]).toEqual(["list"]);
    expect(log.text("error")).toContain("Scraping empty failed");
  });

  test("run at once up to `concurrency`", async () => {
    const start = await site('<li id="a">1</li>');
    const waiting: (() => void)[] = [];
    const together = items(start, {
      parse: async () => {
        // Both wait for each other: one after the other they would never end.
        await new Promise<void>((resolve) => {
          waiting.push(resolve);
          if (waiting.length === 2) for (const go of waiting) go();
        });
        return [{ id: "a", size: 1 }];
      },
    });
    class Two extends Scraper {
      override readonly concurrency = 2;
      readonly sources = { first: together, second: together };
    }
    const saver = new MemorySaver();
    expect(
      await new Two(
        parseConfig({ FS_DATA: temporaryFolder(), SCRAPE_ALLOW_PRIVATE: "127.0.0.1" }),
        logLines().logger,
      ).scrapeData(saver),
    ).toBe(true);
    expect([...saver.kept.keys()].sort()).toEqual(["first", "second"]);
  });

  test("an unknown source is a NotFoundError with the nearest name", async () => {
    const { scraper, saver } = scraperOf({ listing: items("http://127.0.0.1:1/") });
    await expect(scraper.scrapeSingleSource("listng", saver)).rejects.toBeInstanceOf(NotFoundError);
    await expect(scraper.scrapeSingleSource("listng", saver)).rejects.toThrow('Did you mean "listing"?');
    await expect(scraper.scrapeSingleSource("toString", saver)).rejects.toBeInstanceOf(NotFoundError);
  });

  test("a saver that resolves false is a failed source", async () => {
    const { scraper, saver, log } = scraperOf({ list: items(await site('<li id="a">1</li>')) });
    saver.saveData = async () => false;
    expect(await scraper.scrapeData(saver)).toBe(false);
    expect(log.text("error")).toContain("refused");
  });

  test("an abort rejects with the signal's reason and saves nothing", async () => {
    const { scraper, saver } = scraperOf({ list: items(await site('<li id="a">1</li>')) });
    await expect(scraper.scrapeData(saver, { signal: AbortSignal.abort(new Error("enough")) })).rejects.toThrow(
      "enough",
    );
    expect(saver.kept.size).toBe(0);
  });
});
