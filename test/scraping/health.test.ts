import { describe, expect, test } from "vitest";
import { records } from "../../src/frame/records.ts";
import { Scraper } from "../../src/scraping/scraper.ts";
import { type SourceDefinition, source } from "../../src/scraping/source.ts";
import { BatchSaver } from "./memory-saver.ts";
import { json, scraperOf, serve } from "./site.ts";

type Item = { id: string; price?: number | null; name?: string | null };

/** `count` items whose prices lie between 10 and 20. */
const items = (count: number, change: (item: Item, index: number) => Item = (item) => item): Item[] =>
  Array.from({ length: count }, (_, index) =>
    change({ id: `i${index}`, price: 10 + (index % 11), name: `n${index}` }, index),
  );

/** A site whose items can be exchanged, and a scraper of it. */
async function shop(more: Partial<SourceDefinition> = {}) {
  const site = { items: items(40) };
  const { base, asked } = await serve((_, response) => json(response, site.items));
  const shop = source({
    start: base,
    schema: { id: "string", price: "float64?", name: "string?" },
    parse: (page) => page.json() as Record<string, unknown>[],
    ...more,
  });
  const made = scraperOf({ shop });
  const saver = new BatchSaver();
  const scrape = (options = {}) => made.scraper.scrapeSingleSource("shop", saver, options);
  const heights = () => saver.kept.get("shop")?.height;
  const errors = () => made.log.lines.filter(({ level }) => level === "error").at(-1)?.message ?? "";
  return { ...made, site, saver, scrape, heights, errors, asked };
}

describe("the health gate", () => {
  test("lets the first run pass, and ordinary changes", async () => {
    const { site, scrape, heights, log } = await shop();
    expect(await scrape()).toBe(true);
    expect(log.text("info")).toContain("has no earlier run to be compared with");
    site.items = items(48, (item) => ({ ...item, price: Number(item.price) * 1.3 }));
    expect(await scrape()).toBe(true);
    expect(heights()).toBe(48);
  });

  test.each<[string, (good: Item[]) => Item[], RegExp]>([
    ["a drop in rows", (good) => good.slice(0, 12), /It has 12 rows; the last good run had 40/],
    ["far more rows", () => items(200), /It has 200 rows; the last good run had 40/],
    [
      "an empty column",
      (good) => good.map((item) => ({ ...item, name: null })),
      /"name" has values in 0 % of the rows; the last good run had 100 %/,
    ],
    ["a column of empty texts", (good) => good.map((item) => ({ ...item, name: "" })), /"name" has values in 0 %/],
    [
      "a column that lost some values",
      (good) => good.map((item, index) => (index % 2 ? item : { ...item, price: null })),
      /"price" has values in 50 %/,
    ],
    [
      "another unit",
      (good) => good.map((item) => ({ ...item, price: Number(item.price) * 100 })),
      /Most of "price" lies between 1000 and 2000; it lay between 10 and 20/,
    ],
    [
      "one value everywhere",
      (good) => good.map((item) => ({ ...item, price: 15 })),
      /"price" has the same value in every row/,
    ],
    [
      "one text everywhere",
      (good) => good.map((item) => ({ ...item, name: "n/a" })),
      /"name" has the same value in every row/,
    ],
  ])("blocks %s: the old data stays, the page is kept, and the next sound run is saved", async (_, change, message) => {
    const { site, scrape, heights, errors } = await shop();
    const good = site.items;
    await scrape();
    site.items = change(good);
    expect(await scrape()).toBe(false);
    expect(errors()).toMatch(message);
    expect(errors()).toMatch(/The page is kept in \S+\.html\.gz\. The old data stays/);
    expect(heights()).toBe(40);
    site.items = good;
    expect(await scrape()).toBe(true);
  });

  test("takes an intended change when told so, and compares with it from then on", async () => {
    const { site, scrape, heights, log } = await shop();
    await scrape();
    site.items = items(4);
    expect(await scrape()).toBe(false);
    expect(await scrape({ accept: true })).toBe(true);
    expect(log.text("warn")).toContain("is accepted as it is");
    expect(heights()).toBe(4);
    expect(await scrape()).toBe(true);
    site.items = items(40);
    expect(await scrape()).toBe(false);
  });

  test("goes by what the source allows", async () => {
    const { site, scrape } = await shop({ health: { rows: { drop: 0.9 }, columns: { price: { drift: false } } } });
    await scrape();
    site.items = items(6, (item) => ({ ...item, price: Number(item.price) * 1_000 }));
    expect(await scrape()).toBe(true);
    const off = await shop({ health: false });
    await off.scrape();
    off.site.items = items(1);
    expect(await off.scrape()).toBe(true);
  });

  test("holds declared bounds in the first run already", async () => {
    const { scrape, errors } = await shop({
      health: { rows: { min: 50 }, columns: { price: { max: 15 }, name: { fill: 1 } } },
    });
    expect(await scrape()).toBe(false);
    expect(errors()).toContain("40 rows, and at least 50 are declared");
    expect(errors()).toContain('"price" goes up to 20, and 15 is declared');
  });

  test("compares a seasonal source with runs of the same season only", async () => {
    const { site, scrape, scraper, saver } = await shop({ health: { seasonal: "hour" } });
    await scrape();
    site.items = items(3);
    expect(await scrape()).toBe(false);
    // The same run, remembered as one of another hour.
    const other = new Date(Date.now() + 5 * 3_600_000).toISOString();
    const run = { time: other, rows: 40, pages: 1, columns: {}, selectors: {} };
    const memory = {
      recall: async (kind: string) => (kind === "scrape-health" ? JSON.stringify([run]) : null),
      remember: async () => true,
    };
    expect(await scraper.scrapeSingleSource("shop", saver, { memory })).toBe(true);
  });

  test("remembers in the ledger that it is given", async () => {
    const texts = new Map<string, string>();
    const memory = {
      recall: async (kind: string, name: string) => texts.get(`${kind} ${name}`) ?? null,
      remember: async (kind: string, name: string, value: string) => texts.set(`${kind} ${name}`, value).size > 0,
    };
    const { scrape, site } = await shop();
    expect(await scrape({ memory })).toBe(true);
    expect([...texts.keys()]).toEqual(["scrape-health Own/shop", "scrape-outcome Own/shop"]);
    site.items = items(3);
    expect(await scrape({ memory })).toBe(false);
    expect(JSON.parse(texts.get("scrape-outcome Own/shop") ?? "{}")).toMatchObject({ saved: false });
  });

  test("a saver that takes batches undoes them when the gate says no at their end", async () => {
    const { site, scrape, saver } = await shop();
    await scrape();
    site.items = items(3);
    await scrape();
    expect(saver.undone).toBe(1);
    expect(records(saver.kept.get("shop") as never)).toHaveLength(40);
  });

  test("fetchSource compares with nothing and remembers nothing", async () => {
    const { site, scraper, scrape } = await shop();
    await scrape();
    site.items = items(3);
    expect((await scraper.fetchSource("shop")).height).toBe(3);
    expect(await scrape()).toBe(false);
  });
});

test("the base class can be told another name than its own, under which runs are remembered", async () => {
  const { base } = await serve((_, response) => json(response, [{ id: "a" }]));
  class Named extends Scraper {
    override readonly name = "shop one";
    readonly sources = {
      list: source({ start: base, schema: { id: "string" }, parse: (page) => page.json() as never }),
    };
  }
  const { config, log } = scraperOf({});
  const texts: string[] = [];
  const memory = { recall: async () => null, remember: async (_: string, name: string) => texts.push(name) > 0 };
  expect(await new Named(config, log.logger).scrapeData(new BatchSaver(), { memory })).toBe(true);
  expect(texts).toContain("shop one/list");
});
