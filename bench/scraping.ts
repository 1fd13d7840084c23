import { fork } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import type { DataFrame } from "nodejs-polars";
import { parseConfig } from "../src/config/load.ts";
import { Scraper } from "../src/scraping/scraper.ts";
import { source } from "../src/scraping/source.ts";
import { parseInteger, parseNumber } from "../src/scraping/values.ts";
import type { BenchCase, BenchContext, Prepared } from "./harness.ts";

const rowsOfPage = 20;
const atOnce = 8;
/** Pages of one round: 5,000 for a million rows. */
const pagesOf = ({ rows }: BenchContext) => Math.max(1, Math.round(rows / 200));
const silent = { debug() {}, info() {}, warn() {}, error: (_: unknown, message?: string) => console.error(message) };

/** About 20 kB: a table of 20 rows amid the markup that pages have around it. */
function page(number: number): string {
  const rows = Array.from({ length: rowsOfPage }, (_, index) => {
    const id = number * rowsOfPage + index;
    const cells = [
      `<a class="link" href="/item/${id}">T${id}</a>`,
      `Company ${id}`,
      "Technology",
      (id * 1.25).toFixed(2),
      String(id * 1_000),
    ];
    return `<tr class="row" data-id="${id}">${cells.map((cell, at) => `<td class="cell c${at}" align="left">${cell}</td>`).join("")}</tr>`;
  });
  const filler = Array.from(
    { length: 90 },
    (_, index) =>
      `<div class="box b${index}"><p>Text ${index} of the page <a href="/about/${index}">more about it</a></p></div>`,
  );
  const body = `<table class="list">${rows.join("\n")}</table>${filler.join("\n")}`;
  return `<!doctype html><html><head><title>Page ${number}</title></head><body>${body.padEnd(19_900, " ")}</body></html>`;
}

/** The site, in a process of its own. */
async function serve(): Promise<{ base: string; close(): Promise<void> }> {
  const child = fork(import.meta.filename, ["serve"], { stdio: ["ignore", "ignore", "inherit", "ipc"] });
  const [port] = (await once(child, "message")) as [number];
  return {
    base: `http://127.0.0.1:${port}`,
    async close() {
      const ended = once(child, "exit");
      child.kill();
      await ended;
    },
  };
}

if (process.argv[2] === "serve") {
  const server = createServer(({ url }, response) => {
    if (url === "/robots.txt") response.writeHead(404).end();
    else response.writeHead(200, { "content-type": "text/html; charset=utf-8" }).end(page(Number(url?.slice(1))));
  });
  server.listen(0, "127.0.0.1", () => process.send?.((server.address() as AddressInfo).port));
}

interface Row {
  id: number | null;
  ticker: string;
  company: string;
  sector: string;
  price: number | null;
  volume: number | null;
}

/** The same reading for all: each cell by its selector, as scrapers are written. */
function read($: ReturnType<typeof import("cheerio").load>): Row[] {
  return $("tr.row")
    .toArray()
    .map((element) => {
      const row = $(element);
      return {
        id: Number(row.attr("data-id")),
        ticker: row.find(".link").text(),
        company: row.find(".c1").text(),
        sector: row.find(".c2").text(),
        price: parseNumber(row.find(".c3").text()),
        volume: parseInteger(row.find(".c4").text()),
      };
    });
}

const schema = {
  id: "int64",
  ticker: "string",
  company: "string",
  sector: "string",
  price: "float64",
  volume: "int64",
} as const;

/** Takes batches as a saver does, and keeps nothing. */
class CountingSaver {
  rows = 0;
  async saveBatches(batches: AsyncIterable<DataFrame>): Promise<boolean> {
    for await (const batch of batches) this.rows += batch.height;
    return true;
  }
  saveData = async (): Promise<boolean> => false;
  saveWithBackup = async (): Promise<boolean> => false;
  healthCheck = async (): Promise<boolean> => true;
}

type Crawl = (address: (page: number) => string, context: BenchContext) => Promise<number>;

function crawled(about: Pick<BenchCase, "name" | "base" | "goals" | "once">, crawl: Crawl, times = 1): BenchCase {
  return {
    ...about,
    group: "crawl",
    async prepare(context): Promise<Prepared> {
      const site = await serve();
      const all = { ...context, rows: context.rows * times };
      return {
        async run() {
          const rows = await crawl((number) => `${site.base}/${number}`, all);
          if (rows !== pagesOf(all) * rowsOfPage) throw new Error(`${rows} rows came`);
        },
        close: site.close,
      };
    },
  };
}

async function millrace(address: (page: number) => string, context: BenchContext): Promise<number> {
  const config = parseConfig({
    FS_DATA: join(context.folder, "data"),
    FS_TEMP: join(context.folder, "temp"),
    SCRAPE_ALLOW_PRIVATE: "127.0.0.1",
  });
  const start = Array.from({ length: pagesOf(context) }, (_, index) => address(index));
  class Bench extends Scraper {
    readonly sources = {
      list: source({ start, schema, key: ["id"], concurrency: atOnce, parse: ({ $ }) => read($ as never) as never }),
    };
  }
  const saver = new CountingSaver();
  await new Bench(config, silent).scrapeSingleSource("list", saver, { run: "fresh" });
  return saver.rows;
}

async function bareCrawler(address: (page: number) => string, context: BenchContext): Promise<number> {
  const { CheerioCrawler, Configuration, log, LogLevel } = await import("@crawlee/cheerio");
  log.setLevel(LogLevel.OFF);
  let rows = 0;
  const crawler = new CheerioCrawler(
    {
      maxConcurrency: atOnce,
      autoscaledPoolOptions: { desiredConcurrency: atOnce },
      useSessionPool: false,
      requestHandler: async ({ $ }) => {
        rows += read($ as never).length;
      },
    },
    new Configuration({ persistStorage: false, storageClientOptions: { persistStorage: false } }),
  );
  await crawler.run(Array.from({ length: pagesOf(context) }, (_, index) => address(index)));
  return rows;
}

async function bareLoop(address: (page: number) => string, context: BenchContext): Promise<number> {
  const { request } = await import("undici");
  const { load } = await import("cheerio");
  let [next, rows] = [0, 0];
  const worker = async () => {
    while (next < pagesOf(context)) {
      const { body } = await request(address(next++));
      rows += read(load(await body.text(), { _useHtmlParser2: true } as never)).length;
    }
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  return rows;
}

/** 100, 1,000 and 5,000 pages of 20 kB with 20 rows each. */
export const sizes = [20_000, 200_000, 1_000_000];

export const cases: BenchCase[] = [
  crawled({ name: "bare CheerioCrawler", base: true }, bareCrawler),
  crawled(
    {
      name: "millrace",
      goals: [
        { against: "bare CheerioCrawler", atMost: 1.11, headline: "A crawl of 5,000 pages, to bare Crawlee" },
        { measure: "blockMs", atMost: 50 },
      ],
    },
    millrace,
  ),
  crawled({ name: "undici and cheerio, a bare loop" }, bareLoop),
  crawled(
    {
      name: "millrace, ten times the pages",
      goals: [{ measure: "peakMb", against: "millrace", atMost: 1.2 }],
      once: true,
    },
    millrace,
    10,
  ),
];
