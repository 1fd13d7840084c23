import { describe, expect, test } from "vitest";
import { readRobots, tokenOf } from "../../src/scraping/http/robots.ts";
import { html, pagesOf, scraperOf, serve } from "./site.ts";

const allows = (text: string, path: string, token = "millrace") => readRobots(text, token).allows(path);

describe("the rules of RFC 9309", () => {
  test("the longest rule counts, and an allowing one before another as long", () => {
    const text = "User-agent: *\nDisallow: /a\nAllow: /a/b\nDisallow: /a/b/c\nAllow: /page\nDisallow: /page";
    expect(["/", "/a", "/a/x", "/a/b", "/a/b/c", "/page"].map((path) => allows(text, path))).toEqual([
      true,
      false,
      false,
      true,
      false,
      true,
    ]);
  });

  test("a group for the robot counts alone, whatever its case, and all groups of its name together", () => {
    const text =
      "User-agent: *\nDisallow: /\n\nUser-agent: MillRace/2.0\nDisallow: /a\n\nUser-agent: other\nDisallow: /c\n\nUser-Agent: millrace\nDisallow: /b";
    expect(["/", "/a", "/b", "/c"].map((path) => allows(text, path))).toEqual([true, false, false, true]);
    expect(allows(text, "/a", "third")).toBe(false);
  });

  test("names that stand together share their rules, and other lines do not part them", () => {
    const text =
      "User-agent: a\nSitemap: https://example.org/map.xml\nUser-agent: millrace\nUser-agent: b\nDisallow: /x";
    expect(allows(text, "/x")).toBe(false);
    expect(allows(text, "/x", "a")).toBe(false);
    expect(allows(text, "/x", "c")).toBe(true);
  });

  test("a star is any text, a dollar at the end the end", () => {
    expect(["/a.gif", "/a.gif?x", "/dir/a.gif"].map((path) => allows("user-agent:*\ndisallow:*.gif$", path))).toEqual([
      false,
      true,
      false,
    ]);
    expect(["/p/x/q", "/p/q", "/pq"].map((path) => allows("user-agent:*\ndisallow:/p/*q", path))).toEqual([
      false,
      false,
      true,
    ]);
    expect(allows("user-agent:*\ndisallow:/a*b*c$", "/abbcxc")).toBe(false);
    expect(allows("user-agent:*\ndisallow:/$", "/x")).toBe(true);
  });

  test("escapes mean the characters that they stand for", () => {
    expect(allows("user-agent:*\ndisallow:/foo/bar/%62%61%7A", "/foo/bar/baz")).toBe(false);
    expect(allows("user-agent:*\ndisallow:/foo/bar/ツ", "/foo/bar/%E3%83%84")).toBe(false);
    expect(allows("user-agent:*\ndisallow:/a%3cd", "/a%3Cd")).toBe(false);
    expect(allows("user-agent:*\ndisallow:/a%2fb", "/a/b")).toBe(true);
  });

  test("an empty rule, an empty file, comments, a byte order mark and any line ends", () => {
    expect(allows("user-agent: *\ndisallow:", "/x")).toBe(true);
    expect(allows("", "/x")).toBe(true);
    expect(allows("\uFEFFUser-agent: *\r\nDisallow: /x # why\r# all\rDisallow: /y", "/y")).toBe(false);
    expect(allows("disallow: /x", "/x")).toBe(true);
    expect(allows("user-agent: *\ndisallow: /", "/robots.txt")).toBe(true);
  });

  test("many stars do not take long", () => {
    expect(allows(`user-agent: *\ndisallow: /${"*a".repeat(200)}$`, `/${"a".repeat(5_000)}b`)).toBe(true);
  });

  test("the product token is what stands before the version", () => {
    expect(tokenOf("millrace/0.1.0 (+X)")).toBe("millrace");
    expect(tokenOf("My-Bot")).toBe("my-bot");
  });
});

describe("a scraper", () => {
  const site = (status: number, text: string) =>
    serve(
      ({ url }, response) =>
        url === "/robots.txt"
          ? response.writeHead(status, { "content-type": "text/plain" }).end(text)
          : html(response, "<p>ok</p>"),
      true,
    );

  test("leaves alone what robots.txt forbids, and asks for it once", async () => {
    const { base, asked } = await site(200, "User-agent: millrace\nDisallow: /private");
    const { scraper } = scraperOf({ pages: pagesOf([`${base}/a`, `${base}/b`]), no: pagesOf(`${base}/private/x`) });
    expect((await scraper.fetchSource("pages")).height).toBe(2);
    await expect(scraper.fetchSource("no")).rejects.toMatchObject({ code: "ROBOTS_REFUSED" });
    expect(Object.fromEntries(asked)).toEqual({ "/robots.txt": 1, "/a": 1, "/b": 1 });
  });

  test("goes by the rules for the name that it is given", async () => {
    const { base } = await site(200, "User-agent: my-bot\nDisallow: /");
    const named = { SCRAPE_USER_AGENT: "My-Bot/1.0 (+https://example.org)" };
    await expect(scraperOf({ pages: pagesOf(base) }, named).scraper.fetchSource("pages")).rejects.toMatchObject({
      code: "ROBOTS_REFUSED",
    });
    expect((await scraperOf({ pages: pagesOf(base) }).scraper.fetchSource("pages")).height).toBe(1);
  });

  test("is free where there is none (4xx), and leaves a site alone whose robots.txt can't be had (5xx)", async () => {
    expect(
      (await scraperOf({ pages: pagesOf((await site(403, "no")).base) }).scraper.fetchSource("pages")).height,
    ).toBe(1);
    const { base, asked } = await site(503, "User-agent: *\nAllow: /");
    await expect(scraperOf({ pages: pagesOf(base, { retries: 0 }) }).scraper.fetchSource("pages")).rejects.toThrow(
      "/robots.txt answered 503",
    );
    expect([...asked.keys()]).toEqual(["/robots.txt"]);
  });

  test("follows redirects of robots.txt", async () => {
    const { base } = await serve(({ url }, response) => {
      if (url === "/robots.txt") response.writeHead(301, { location: "/other.txt" }).end();
      else if (url === "/other.txt") response.end("User-agent: *\nDisallow: /x");
      else html(response, "<p>ok</p>");
    }, true);
    await expect(scraperOf({ pages: pagesOf(`${base}/x`) }).scraper.fetchSource("pages")).rejects.toMatchObject({
      code: "ROBOTS_REFUSED",
    });
  });

  test("does not ask where the source says so", async () => {
    const { base, asked } = await site(200, "User-agent: *\nDisallow: /");
    expect((await scraperOf({ pages: pagesOf(base, { robots: false }) }).scraper.fetchSource("pages")).height).toBe(1);
    expect(asked.has("/robots.txt")).toBe(false);
  });
});
