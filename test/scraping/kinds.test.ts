import { gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { records } from "../../src/frame/records.ts";
import { feedSource } from "../../src/scraping/kinds/feed-source.ts";
import { jsonSource } from "../../src/scraping/kinds/json-source.ts";
import { sitemapLinks, sitemapSource } from "../../src/scraping/kinds/sitemap-source.ts";
import { cursor, linkHeader, nextUrl, offset, pageNumber } from "../../src/scraping/paging.ts";
import type { Paging, ScraperSource } from "../../src/scraping/source.ts";
import { html, json, pagesOf, scraperOf, serve } from "./site.ts";

const rowsOf = async (source: ScraperSource) => records(await scraperOf({ source }).scraper.fetchSource("source"));

describe("a JSON API", () => {
  const all = Array.from({ length: 25 }, (_, n) => ({ n }));
  const slice = (from: number, size = 10) => all.slice(from, from + size);
  const ways: Record<
    string,
    { next: Paging; start: string; answer: (url: URL) => [unknown, Record<string, string>?] }
  > = {
    "page number": {
      next: pageNumber("page"),
      start: "/",
      answer: ({ searchParams }) => [{ items: slice((Number(searchParams.get("page") ?? 1) - 1) * 10) }],
    },
    "page number of a known size": {
      next: pageNumber("p", { size: 10 }),
      start: "/?p=1",
      answer: ({ searchParams }) => [{ items: slice((Number(searchParams.get("p")) - 1) * 10) }],
    },
    offset: {
      next: offset("offset"),
      start: "/",
      answer: ({ searchParams }) => [{ items: slice(Number(searchParams.get("offset") ?? 0)) }],
    },
    cursor: {
      next: cursor("after", "meta.next"),
      start: "/",
      answer: ({ searchParams }) => {
        const from = Number(searchParams.get("after") ?? 0);
        return [{ items: slice(from), meta: { next: from + 10 < 25 ? from + 10 : null } }];
      },
    },
    "address in the answer": {
      next: nextUrl("next"),
      start: "/",
      answer: ({ searchParams }) => {
        const from = Number(searchParams.get("from") ?? 0);
        return [{ items: slice(from), ...(from + 10 < 25 && { next: `/?from=${from + 10}` }) }];
      },
    },
    "Link header": {
      next: linkHeader(),
      start: "/",
      answer: ({ searchParams }) => {
        const from = Number(searchParams.get("from") ?? 0);
        const more = from + 10 < 25 ? `</?from=${from + 10}>; rel="next last"; title="a, b"` : "";
        return [{ items: slice(from) }, { link: `</?from=0>; rel=first, ${more}` }];
      },
    },
  };

  test.each(Object.entries(ways))("is read page by page: %s", async (_, { next, start, answer }) => {
    const { base } = await serve(({ url }, response) => json(response, ...answer(new URL(url ?? "/", "http://x"))));
    const rows = await rowsOf(jsonSource({ start: base + start, schema: { n: "int32" }, rows: "items", next }));
    expect(rows).toEqual(all);
  });

  test("fields are found by paths and functions, large whole numbers stay exact, and what is missing is null", async () => {
    const { base } = await serve((_, response) =>
      response
        .writeHead(200, { "content-type": "application/json" })
        .end('{"data":[{"id":9007199254740993,"price":{"last":1.5},"name":"a"},{"id":2,"price":null,"name":"b"}]}'),
    );
    const source = jsonSource({
      start: base,
      schema: { id: "int64", price: "float64?", title: "string" },
      rows: "data",
      fields: { price: "price.last", title: ({ name }) => String(name).toUpperCase() },
    });
    expect(await rowsOf(source)).toEqual([
      { id: 9007199254740993n, price: 1.5, title: "A" },
      { id: 2n, price: null, title: "B" },
    ]);
  });

  test("an answer of another shape is refused with its address, and a field without a column at once", async () => {
    const { base } = await serve((_, response) => json(response, { error: "no" }));
    await expect(rowsOf(jsonSource({ start: base, schema: { n: "int32" }, rows: "data" }))).rejects.toThrow(
      `${base}/: "data" of the answer is no array`,
    );
    expect(() => jsonSource({ start: base, schema: { n: "int32" }, fields: { m: "x" } })).toThrow(
      'no column for the field "m"',
    );
  });
});

describe("a feed", () => {
  const feed = async (body: string) => {
    const { base } = await serve((_, response) =>
      response.writeHead(200, { "content-type": "application/xml" }).end(body),
    );
    return rowsOf(feedSource({ start: `${base}/feed` }));
  };

  test("of RSS 2.0 gives its entries", async () => {
    const rows =
      await feed(`<?xml version="1.0"?><rss version="2.0" xmlns:dc="http://purl.org/dc/elements/1.1/"><channel><title>T</title>
      <item><guid>1</guid><title>A &amp; B</title><link>http://a.example/1</link><pubDate>Tue, 24 Nov 2026 08:00:00 GMT</pubDate>
        <category>x</category><category>y</category><dc:creator>Me</dc:creator><description><![CDATA[<b>bold</b>]]></description></item>
      <item><title>no id</title><link>http://a.example/2</link></item></channel></rss>`);
    expect(rows).toEqual([
      {
        id: "1",
        title: "A & B",
        link: "http://a.example/1",
        published: new Date("2026-11-24T08:00:00Z"),
        updated: null,
        author: "Me",
        summary: "<b>bold</b>",
        categories: ["x", "y"],
      },
      {
        id: "http://a.example/2",
        title: "no id",
        link: "http://a.example/2",
        published: null,
        updated: null,
        author: null,
        summary: null,
        categories: [],
      },
    ]);
  });

  test("of Atom gives its entries, with whole addresses", async () => {
    const rows =
      await feed(`<feed xmlns="http://www.w3.org/2005/Atom"><entry><id>urn:1</id><title>One</title><link rel="self" href="/self"/><link href="/one"/>
      <published>2026-11-24T08:00:00+01:00</published><updated>2026-11-24T09:00:00Z</updated><author><name>Me</name></author><category term="x"/></entry></feed>`);
    expect(rows).toMatchObject([
      {
        id: "urn:1",
        title: "One",
        link: expect.stringMatching(/^http.*\/one$/),
        published: new Date("2026-11-24T07:00:00Z"),
        author: "Me",
        categories: ["x"],
      },
    ]);
  });

  test("that is none, and a time that is none, are refused", async () => {
    await expect(feed("<html><p>Please log in</p></html>")).rejects.toThrow("no RSS or Atom feed");
    await expect(
      feed("<rss><channel><item><guid>1</guid><pubDate>soon</pubDate></item></channel></rss>"),
    ).rejects.toThrow('"soon" in the feed is no time');
  });
});

describe("a sitemap", () => {
  const site = () =>
    serve(({ url, headers }, response) => {
      const xml = (body: string) => `<?xml version="1.0"?>${body}`;
      const base = `http://${headers.host}`;
      const send = (body: string | Buffer, type = "application/xml") =>
        response.writeHead(200, { "content-type": type }).end(body);
      if (url === "/index.xml")
        send(
          xml(
            `<sitemapindex><sitemap><loc>${base}/a.xml</loc></sitemap><sitemap><loc>${base}/b.xml.gz</loc></sitemap></sitemapindex>`,
          ),
        );
      else if (url === "/a.xml")
        send(
          xml(
            `<urlset><url><loc>${base}/p/1</loc><lastmod>2026-01-02</lastmod><priority>0.5</priority></url><url><loc>${base}/x/2</loc></url></urlset>`,
          ),
        );
      else if (url === "/b.xml.gz")
        send(
          gzipSync(xml(`<urlset><url><loc>${base}/p/3</loc><lastmod>2020-01-01</lastmod></url></urlset>`)),
          "application/x-gzip",
        );
      else html(response, `<p>page ${url}</p>`);
    });

  test("is listed, through its index and packed parts", async () => {
    const { base } = await site();
    const rows = await rowsOf(sitemapSource({ start: `${base}/index.xml` }));
    expect(rows.map(({ url, modified, priority }) => [String(url).slice(base.length), modified, priority])).toEqual([
      ["/p/1", new Date("2026-01-02T00:00:00Z"), 0.5],
      ["/x/2", null, null],
      ["/p/3", new Date("2020-01-01T00:00:00Z"), null],
    ]);
  });

  test("leads to the pages that are meant", async () => {
    const { base, asked } = await site();
    const rows = await rowsOf(
      pagesOf(`${base}/index.xml`, { follow: sitemapLinks({ match: /\/p\//, since: new Date("2025-01-01") }) }),
    );
    expect(rows.map(({ text }) => text)).toEqual(["page /p/1"]);
    expect(asked.has("/x/2")).toBe(false);
  });
});
