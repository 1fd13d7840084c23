import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync, zstdCompressSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { records } from "../../src/frame/records.ts";
import type { LoginTools } from "../../src/scraping/crawl/login.ts";
import { source } from "../../src/scraping/source.ts";
import { html, json, pagesOf, scraperOf, serve } from "./site.ts";

const texts = async (scraper: ReturnType<typeof scraperOf>["scraper"]) =>
  records(await scraper.fetchSource("pages")).map(({ text }) => text);

describe("a host", () => {
  test("is told who asks", async () => {
    const agents: unknown[] = [];
    const { base } = await serve(({ headers }, response) => {
      agents.push(headers["user-agent"]);
      html(response, "<p>ok</p>");
    });
    await scraperOf({ pages: pagesOf(base) }).scraper.fetchSource("pages");
    await scraperOf({ pages: pagesOf(base) }, { SCRAPE_USER_AGENT: "Mine/1" }).scraper.fetchSource("pages");
    expect(agents).toEqual([expect.stringMatching(/^millrace\/\d+\.\d+\.\d+ \(\+Own\)$/), "Mine/1"]);
  });

  test("has no more requests at once than the source says, whichever scrapers ask", async () => {
    let [now, most] = [0, 0];
    const { base } = await serve((_, response) => {
      most = Math.max(most, ++now);
      setTimeout(() => {
        now--;
        html(response, "<p>ok</p>");
      }, 20);
    });
    const start = (name: string) => Array.from({ length: 8 }, (_, index) => `${base}/${name}${index}`);
    const scrape = (name: string) =>
      scraperOf({ pages: pagesOf(start(name), { concurrency: 2 }) }).scraper.fetchSource("pages");
    await Promise.all([scrape("a"), scrape("b")]);
    expect(most).toBe(2);
  });

  test("has the time between two requests that the source says", async () => {
    const { base } = await serve((_, response) => html(response, "<p>ok</p>"));
    const pages = pagesOf([`${base}/1`, `${base}/2`, `${base}/3`], { delay: 100, robots: false });
    const began = performance.now();
    await scraperOf({ pages }).scraper.fetchSource("pages");
    // Two waits between three requests: no machine is quick enough to be done before.
    expect(performance.now() - began).toBeGreaterThan(190);
  });

  test("is not kept waiting by a scrape that was given up while it stood in line", async () => {
    const held: (() => void)[] = [];
    const { base } = await serve(({ url }, response) => {
      if (url === "/held") held.push(() => html(response, "<p>held</p>"));
      else html(response, "<p>ok</p>");
    });
    const only = { concurrency: 1, robots: false };
    const first = scraperOf({ pages: pagesOf(`${base}/held`, only) }).scraper.fetchSource("pages");
    await expect.poll(() => held.length).toBe(1);
    const given = new AbortController();
    const second = scraperOf({ pages: pagesOf(`${base}/2`, only) }).scraper.fetchSource("pages", {
      signal: given.signal,
    });
    const third = scraperOf({ pages: pagesOf(`${base}/3`, only) }).scraper.fetchSource("pages");
    setTimeout(() => given.abort(new Error("enough")), 300);
    await expect(second).rejects.toThrow("enough");
    held[0]?.();
    expect([(await first).height, (await third).height]).toEqual([1, 1]);
  });

  test("is left alone as long as it asks with Retry-After, and a scrape that would wait too long fails and says so", async () => {
    const { base, asked } = await serve((_, response) => response.writeHead(429, { "retry-after": "3600" }).end());
    const { scraper } = scraperOf({ pages: pagesOf([`${base}/1`, `${base}/2`], { concurrency: 1 }) });
    await expect(scraper.fetchSource("pages")).rejects.toMatchObject({ status: 429, retryAfter: 3_600_000 });
    expect([...asked.keys()]).toEqual(["/1"]);
    await expect(scraper.fetchSource("pages")).rejects.toThrow(/asks to be left alone for 3(600|599) s/);
  });
});

describe("the disk cache", () => {
  test("asks with conditions, and reads a 304 as the page that it has", async () => {
    const conditions: unknown[] = [];
    const { base } = await serve(({ headers }, response) => {
      conditions.push([headers["if-none-match"], headers["if-modified-since"]]);
      if (headers["if-none-match"] === '"v1"') response.writeHead(304).end();
      else html(response, "<p>one</p>", { etag: '"v1"', "last-modified": "Tue, 24 Nov 2026 08:00:00 GMT" });
    });
    const { scraper } = scraperOf({ pages: pagesOf(base) });
    expect(await texts(scraper)).toEqual(["one"]);
    expect(await texts(scraper)).toEqual(["one"]);
    expect(conditions).toEqual([
      [undefined, undefined],
      ['"v1"', "Tue, 24 Nov 2026 08:00:00 GMT"],
    ]);
  });

  test("takes a changed page, keeps none that must not be stored, and keeps none when it is off", async () => {
    let version = 0;
    const { base } = await serve(({ url, headers }, response) => {
      expect(url === "/secret" && headers["if-none-match"]).toBeFalsy();
      html(response, `<p>${++version}</p>`, {
        etag: `"${version}"`,
        ...(url === "/secret" && { "cache-control": "no-store" }),
      });
    });
    const { scraper } = scraperOf({ pages: pagesOf(base) });
    expect([await texts(scraper), await texts(scraper)]).toEqual([["1"], ["2"]]);
    const { scraper: secret } = scraperOf({ pages: pagesOf(`${base}/secret`) });
    expect([await texts(secret), await texts(secret)]).toEqual([["3"], ["4"]]);
  });
});

describe("limits", () => {
  test("a body that is too long is refused, with and without its length", async () => {
    const { base } = await serve(({ url }, response) => {
      if (url === "/told")
        response.writeHead(200, { "content-type": "text/html", "content-length": "5000" }).end("x".repeat(5_000));
      else response.writeHead(200, { "content-type": "text/html" }).write("x".repeat(5_000), () => response.end());
    });
    for (const path of ["told", "untold"]) {
      const { scraper } = scraperOf({ pages: pagesOf(`${base}/${path}`, { maxBytes: 4_000 }) });
      await expect(scraper.fetchSource("pages")).rejects.toMatchObject({ code: "LIMIT_EXCEEDED" });
    }
  });

  test.each([
    ["gzip", gzipSync],
    ["br", brotliCompressSync],
    ["deflate", deflateSync],
    ["deflate", deflateRawSync],
    ["zstd", zstdCompressSync],
  ] as const)("%s is unpacked, and no further than the limit", async (coding, pack) => {
    const { base } = await serve(({ url }, response) => {
      const body = pack(Buffer.from(`<p>${url === "/long" ? "x".repeat(100_000) : "short"}</p>`));
      response.writeHead(200, { "content-type": "text/html", "content-encoding": coding }).end(body);
    });
    expect(await texts(scraperOf({ pages: pagesOf(`${base}/short`) }).scraper)).toEqual(["short"]);
    const { scraper } = scraperOf({ pages: pagesOf(`${base}/long`, { maxUnpacked: 50_000 }) });
    await expect(scraper.fetchSource("pages")).rejects.toThrow("unpacks to more than 50000 bytes");
  });

  test("more redirects than allowed, and more time for a source than allowed, are refused", async () => {
    const { base } = await serve(({ url }, response) => {
      if (url === "/hang") return;
      response.writeHead(302, { location: `/${Number(url?.slice(1)) + 1}` }).end();
    });
    await expect(
      scraperOf({ pages: pagesOf(`${base}/1`, { maxRedirects: 3 }) }).scraper.fetchSource("pages"),
    ).rejects.toThrow("redirects more than 3 times");
    const slow = scraperOf({ pages: pagesOf(`${base}/hang`, { maxTime: 150, robots: false }) }).scraper;
    await expect(slow.fetchSource("pages")).rejects.toMatchObject({ code: "LIMIT_EXCEEDED" });
  });

  test("a redirect to the same address that sets a cookie is no circle where cookies are kept", async () => {
    const { base } = await serve(({ headers }, response) => {
      if (headers.cookie?.includes("seen=1")) html(response, "<p>in</p>");
      else response.writeHead(302, { location: "/x", "set-cookie": "seen=1; Path=/" }).end();
    });
    expect(await texts(scraperOf({ pages: pagesOf(`${base}/x`, { cookies: () => ({ any: "1" }) }) }).scraper)).toEqual([
      "in",
    ]);
    await expect(scraperOf({ pages: pagesOf(`${base}/x`) }).scraper.fetchSource("pages")).rejects.toThrow(
      "redirects in a circle",
    );
  });

  test("a page's scripts are not run", async () => {
    const { base } = await serve((_, response) =>
      html(
        response,
        "<p>as sent</p><script>document.querySelector('p').textContent = 'changed'; globalThis.scriptRan = true</script>",
      ),
    );
    expect(await texts(scraperOf({ pages: pagesOf(base) }).scraper)).toEqual(["as sent"]);
    expect("scriptRan" in globalThis).toBe(false);
  });

  test("a page's charset is heeded, in the header, the markup or by its byte order mark", async () => {
    const { base } = await serve(({ url }, response) => {
      const [type, body] =
        url === "/header"
          ? ["text/html; charset=windows-1252", Buffer.from("<p>caf\xe9 \x80</p>", "latin1")]
          : url === "/meta"
            ? ["text/html", Buffer.from('<meta charset="iso-8859-2"><p>\xb1</p>', "latin1")]
            : ["text/html", Buffer.from("\uFEFF<p>ü</p>", "utf16le")];
      response.writeHead(200, { "content-type": type as string }).end(body);
    });
    expect(
      await texts(scraperOf({ pages: pagesOf([`${base}/header`, `${base}/meta`, `${base}/bom`]) }).scraper),
    ).toEqual(["café €", "ą", "ü"]);
  });
});

describe("who asks", () => {
  test("a login's cookies and token are sent with each page, and a session that ended logs in anew", async () => {
    let logins = 0;
    const { base } = await serve((request, response) => {
      const { url, headers, method } = request;
      if (url === "/login" && method === "POST") {
        let form = "";
        request
          .on("data", (part) => (form += part))
          .on("end", () => {
            logins++;
            const right = form === "user=me&password=s3cret%21";
            response
              .writeHead(right ? 302 : 403, {
                location: "/token",
                "set-cookie": [`sid=${logins}; Path=/; HttpOnly`, "b=2"],
              })
              .end();
          });
      } else if (url === "/token") json(response, { token: headers.cookie?.includes(`sid=${logins}`) ? "T1" : "no" });
      else if (headers.authorization !== "Bearer T1" || !headers.cookie?.includes(`sid=${logins}`))
        response.writeHead(403).end();
      else if (url === "/2" && logins === 1) response.writeHead(401).end();
      else html(response, `<p>${headers.cookie}</p>`);
    });
    const pages = pagesOf([`${base}/1`, `${base}/2`], {
      concurrency: 1,
      async login({ post, config }) {
        const answer = await post("/login", { user: "me", password: String(config.SITE_PASSWORD) });
        return { authorization: `Bearer ${(answer.json() as { token: string }).token}` };
      },
    });
    const { scraper } = scraperOf({ pages }, { SITE_PASSWORD: "s3cret!" });
    expect(await texts(scraper)).toEqual([expect.stringContaining("sid=1"), expect.stringContaining("sid=2")]);
  });

  test("one login serves for all pages", async () => {
    let logins = 0;
    const { base } = await serve(({ url, headers }, response) => {
      if (url === "/login") response.writeHead(200, { "set-cookie": `sid=${++logins}` }).end();
      else html(response, `<p>${headers.cookie}</p>`);
    });
    const login = async ({ get }: LoginTools) => {
      await get("/login");
      return undefined;
    };
    const start = Array.from({ length: 70 }, (_, index) => `${base}/${index}`);
    const found = await texts(scraperOf({ pages: pagesOf(start, { login }) }).scraper);
    expect(new Set(found)).toEqual(new Set(["sid=1"]));
  });

  test("a login that is refused is not tried again, and fails the source", async () => {
    const { base, asked } = await serve(({ method }, response) =>
      response.writeHead(method === "POST" ? 403 : 200).end(),
    );
    const login = async ({ post }: LoginTools) => {
      await post("/login", { password: "wrong" });
      return undefined;
    };
    const { scraper } = scraperOf({
      pages: pagesOf([`${base}/1`, `${base}/2`], { login, concurrency: 1, maxFailures: 0 }),
    });
    await expect(scraper.fetchSource("pages")).rejects.toMatchObject({
      code: "ACCESS_DENIED",
      message: expect.stringContaining("answered the login with 403"),
    });
    expect(Object.fromEntries(asked)).toEqual({ "/login": 1 });
  });

  test("pages are fetched through the proxies, in turn when one is refused; a private name behind them is refused all the same", async () => {
    const seen: string[] = [];
    const proxy = (name: string, status: number) =>
      serve(({ url }, response) => {
        if (url?.endsWith("/robots.txt")) return void response.writeHead(404).end();
        seen.push(`${name} ${url}`);
        if (status === 200) html(response, "<p>through</p>");
        else response.writeHead(status).end();
      }, true);
    const [bad, good] = [await proxy("bad", 403), await proxy("good", 200)];
    const pages = pagesOf("http://127.0.0.1:9/x", { proxies: () => [bad.base, good.base], retries: 8 });
    expect(await texts(scraperOf({ pages }).scraper)).toEqual(["through"]);
    expect(seen.at(-1)).toBe("good http://127.0.0.1:9/x");
    const local = scraperOf(
      { pages: pagesOf("http://localhost:9/x", { proxies: () => [good.base], retries: 0 }) },
      { SCRAPE_ALLOW_PRIVATE: "10.0.0.1" },
    );
    await expect(local.scraper.fetchSource("pages")).rejects.toMatchObject({ code: "ADDRESS_REFUSED" });
  });

  test("secrets come from the config: a header with one in the program is refused", () => {
    expect(() => pagesOf("http://example.org", { headers: { Authorization: "Bearer x" } })).toThrow(
      "has to come from the config",
    );
  });

  test("another host does not see the secrets after a redirect", async () => {
    const seen: unknown[] = [];
    const other = await serve(({ headers }, response) => {
      seen.push(headers.authorization, headers["x-key"], headers["x-open"]);
      html(response, "<p>ok</p>");
    });
    const { base } = await serve((_, response) => response.writeHead(302, { location: other.base }).end());
    const headers = () => ({ authorization: "Bearer secret", "x-key": "secret" });
    await scraperOf({ pages: pagesOf(base, { headers }) }).scraper.fetchSource("pages");
    expect(seen).toEqual([undefined, undefined, undefined]);
  });

  test("a page can be asked for by POST", async () => {
    const { base } = await serve((request, response) => {
      let body = "";
      request
        .on("data", (part) => (body += part))
        .on("end", () => json(response, [{ body, type: request.headers["content-type"], method: request.method }]));
    });
    const pages = source({
      start: { url: base, body: { page: 1 } },
      schema: { body: "string", type: "string", method: "string" },
      parse: (page) => page.json() as never,
    });
    expect(records(await scraperOf({ pages }).scraper.fetchSource("pages"))).toEqual([
      { body: '{"page":1}', type: "application/json", method: "POST" },
    ]);
  });
});
