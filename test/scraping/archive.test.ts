import { createReadStream, readFileSync, writeFileSync } from "node:fs";

import { join } from "node:path";

import { gunzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { WARCParser } from "warcio";
import { FinvizScraper } from "../../examples/finviz/finviz-scraper.ts";
import { startReplica } from "../../examples/finviz/replica/server.ts";
import { parseConfig } from "../../src/config/load.ts";
import { ipcBytesOf } from "../../src/frame/access.ts";
import { records } from "../../src/frame/records.ts";
import { Scraper } from "../../src/scraping/scraper.ts";
import { source } from "../../src/scraping/source.ts";
import { logLines } from "./log-lines.ts";
import { BatchSaver } from "./memory-saver.ts";
import { html, json, pagesOf, scraperOf, serve, temporaryFolder } from "./site.ts";

test("a whole scraper is replayed offline with frames that are the same to the byte", async () => {
  const replica = await startReplica({
    stocks: 45,
    intercept(request, response, count) {
      if (count > 1 || !request.url?.includes("r=21")) return false;
      response.writeHead(429, { "retry-after": "0" }).end();
      return true;
    },
  });
  const folder = temporaryFolder();
  const log = logLines();
  const config = parseConfig({ FINVIZ_URL: replica.url, FS_DATA: folder });
  const archive = join(folder, "finviz.warc.gz");
  const recorded = new BatchSaver();
  expect(await new FinvizScraper(config, log.logger).scrapeData(recorded, { record: archive })).toBe(true);
  await replica.close();
  const replayed = new BatchSaver();
  expect(await new FinvizScraper(config, log.logger).scrapeData(replayed, { replay: archive })).toBe(true);
  expect([...replayed.kept.keys()]).toEqual(["screener", "valuation", "performance", "quotes"]);
  for (const [name, df] of recorded.kept)
    expect(ipcBytesOf(replayed.kept.get(name) as never).equals(ipcBytesOf(df))).toBe(true);
  const fetched = await new FinvizScraper(config, log.logger).fetchSource("screener", { replay: archive });
  expect(records(fetched)).toEqual(records(recorded.kept.get("screener") as never));
});

test("another reader of WARC reads the archive", async () => {
  const { base } = await serve((_, response) => html(response, "<p>one</p>", { "x-more": "1" }));
  const archive = join(temporaryFolder(), "a.warc.gz");
  await scraperOf({ pages: pagesOf([`${base}/1`, `${base}/2`]) }).scraper.fetchSource("pages", { record: archive });
  const found: unknown[] = [];
  for await (const record of new WARCParser(createReadStream(archive) as never)) {
    const text = await record.contentText();
    found.push([
      record.warcType,
      record.warcTargetURI,
      record.httpHeaders?.statusline ?? null,
      record.warcType === "response" ? text : null,
    ]);
  }
  expect(found.slice(1).sort()).toEqual(
    [
      ["request", `${base}/1`, "GET /1 HTTP/1.1", null],
      ["response", `${base}/1`, "HTTP/1.1 200 OK", "<html><body><p>one</p></body></html>"],
      ["request", `${base}/2`, "GET /2 HTTP/1.1", null],
      ["response", `${base}/2`, "HTTP/1.1 200 OK", "<html><body><p>one</p></body></html>"],
    ].sort(),
  );
  expect(found[0]).toMatchObject(["warcinfo", null, null, null]);
});

test("an archive of another writer is replayed: packed bodies, chunks, records in any order", async () => {
  const record = (type: string, url: string, block: Buffer) =>
    Buffer.concat([
      Buffer.from(
        `WARC/1.0\r\nWARC-Type: ${type}\r\nWARC-Target-URI: ${url}\r\nWARC-Date: 2026-01-01T00:00:00Z\r\nContent-Length: ${block.length}\r\n\r\n`,
      ),
      block,
      Buffer.from("\r\n\r\n"),
    ]);
  const chunked = Buffer.from(
    "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nTransfer-Encoding: chunked\r\n\r\n8\r\n<p>two</\r\n2\r\np>\r\n0\r\n\r\n",
  );
  const path = join(temporaryFolder(), "foreign.warc");
  writeFileSync(
    path,
    Buffer.concat([
      record("metadata", "http://a.example/x", Buffer.from("x: y")),
      record("response", "http://a.example/", chunked),
    ]),
  );
  const { scraper } = scraperOf({ pages: pagesOf("http://a.example/") });
  expect(records(await scraper.fetchSource("pages", { replay: path }))).toMatchObject([{ text: "two" }]);
});

test("no secret is in the archive: of headers, cookies, addresses, forms, and pages that repeat one; the replay finds its pages all the same", async () => {
  const { base } = await serve(({ url = "", method }, response) => {
    if (method === "POST")
      response
        .writeHead(200, { "set-cookie": "sid=cookie-secret", "content-type": "text/html" })
        .end("token login-secret");
    else if (url.startsWith("/1"))
      html(response, `<p>one</p><a class="next" href="/2?api_key=query-secret&amp;x=1">on header-secret</a>`, {
        "set-cookie": "a=cookie-secret",
      });
    else html(response, "<p>two</p>");
  });
  const made = scraperOf(
    {
      pages: pagesOf((config) => `${base}/1?api_key=${config.KEY}&plan=own-secret`, {
        next: "a.next",
        headers: (config) => ({ authorization: `Bearer ${config.TOKEN}` }),
        secrets: ["plan"],
        login: async ({ post }) => {
          const { body } = await post("/login", { password: "password-secret" });
          return { "x-session": body.split(" ")[1] ?? "" };
        },
      }),
    },
    { KEY: "query-secret", TOKEN: "header-secret" },
  );
  const archive = join(temporaryFolder(), "secrets.warc.gz");
  expect(records(await made.scraper.fetchSource("pages", { record: archive })).map(({ text }) => text)).toEqual([
    "one",
    "two",
  ]);
  const bytes = gunzipSync(readFileSync(archive)).toString();
  expect(bytes).not.toMatch(/query-secret|header-secret|cookie-secret|own-secret|login-secret|password-secret/);
  expect(bytes).toContain("api_key=hidden");
  expect(records(await made.scraper.fetchSource("pages", { replay: archive })).map(({ text }) => text)).toEqual([
    "one",
    "two",
  ]);
});

test("a page that was not recorded fails the replay, and says what to do", async () => {
  const { base } = await serve((_, response) => html(response, "<p>one</p>"));
  const archive = join(temporaryFolder(), "a.warc.gz");
  const { scraper, config, log } = scraperOf({ pages: pagesOf(`${base}/1`) });
  await scraper.fetchSource("pages", { record: archive });
  class Own extends Scraper {
    readonly sources = { pages: pagesOf(`${base}/2`) };
  }
  await expect(new Own(config, log.logger).fetchSource("pages", { replay: archive })).rejects.toMatchObject({
    code: "NOT_RECORDED",
  });
});

test("a replay neither learns from a run nor is held to earlier ones, and gives the time of the record", async () => {
  let rows = 40;
  const { base } = await serve((_, response) =>
    json(
      response,
      Array.from({ length: rows }, (_, n) => ({ n })),
    ),
  );
  const list = source({
    start: base,
    schema: { n: "int32", at: "datetime[ms, UTC]" },
    parse: (page) => (page.json() as { n: number }[]).map(({ n }) => ({ n, at: page.time })),
  });
  const { scraper } = scraperOf({ list });
  const saver = new BatchSaver();
  const archive = join(temporaryFolder(), "a.warc.gz");
  await scraper.scrapeData(saver, { record: archive });
  const first = records(saver.kept.get("list") as never);
  rows = 30;
  await scraper.scrapeData(saver);
  expect(await scraper.scrapeData(saver, { replay: archive })).toBe(true);
  expect(records(saver.kept.get("list") as never)).toEqual(first);
});

test("`record: true` keeps the archive below FS_DATA and says where; one that is cut short is refused", async () => {
  const { base } = await serve((_, response) => html(response, "<p>one</p>"));
  const { scraper, log, config } = scraperOf({ pages: pagesOf(base) });
  await scraper.fetchSource("pages", { record: true });
  const [, path = ""] = /kept in (\S+\.warc\.gz)/.exec(log.text("info")) ?? [];
  expect(path).toContain(join(config.FS_DATA, ".millrace/scraping/Own/records"));
  const bytes = readFileSync(path);
  writeFileSync(path, bytes.subarray(0, bytes.length - 40));
  await expect(scraper.fetchSource("pages", { replay: path })).rejects.toMatchObject({ code: "DATA_CORRUPT" });
  await expect(scraper.fetchSource("pages", { replay: `${path}.none` })).rejects.toMatchObject({
    code: "FRAME_NOT_FOUND",
  });
});
