import { readdirSync } from "node:fs";
import { expect, test } from "vitest";
import { records } from "../../src/frame/records.ts";
import { PageError } from "../../src/scraping/page-error.ts";
import { type SourceDefinition, source } from "../../src/scraping/source.ts";
import { html, json, pagesOf, scraperOf, serve } from "./site.ts";

function run(start: string | string[], definition: Partial<SourceDefinition> = {}, signal?: AbortSignal) {
  const { scraper, log } = scraperOf({ pages: pagesOf(start, definition) });
  const pages = scraper.fetchSource("pages", signal ? { signal } : {}).then(records);
  pages.catch(() => undefined);
  return { pages, log };
}

test("pages come in the order of the links and of the start addresses", async () => {
  const { base } = await serve((request, response) => {
    const [, letter, digit] = /^\/(\w)(\d)$/.exec(request.url ?? "") ?? [];
    const next = Number(digit) < 3 ? `<a class="next" href="${letter}${Number(digit) + 1}">on</a>` : "";
    setTimeout(() => html(response, `<p>${letter}${digit}</p>${next}`), letter === "a" ? 20 : 0);
  });
  const pages = await run([`${base}/a1`, `${base}/b1`], { next: "a.next" }).pages;
  expect(pages.map((page) => page.text)).toEqual(["a1", "a2", "a3", "b1", "b2", "b3"]);
});

test("429 and 500 are tried again, and the log names address and status", async () => {
  const { base, asked } = await serve((_, response, count) => {
    if (count === 1) response.writeHead(429, { "retry-after": "0" }).end();
    else if (count === 2) response.writeHead(500).end("broken");
    else html(response, "<p>at last</p>");
  });
  const { pages, log } = run(`${base}/x`);
  expect((await pages).map((page) => page.text)).toEqual(["at last"]);
  expect(asked.get("/x")).toBe(3);
  expect(log.text("warn")).toContain(`${base}/x answered 429`);
  expect(log.text("warn")).toContain(`${base}/x answered 500`);
});

test("a page that stays broken fails with its address and status", async () => {
  const { base, asked } = await serve((_, response) => response.writeHead(503).end("no"));
  const error = await run(`${base}/x`, { retries: 2 }).pages.catch((cause) => cause);
  expect(error).toBeInstanceOf(PageError);
  expect(error).toMatchObject({ status: 503, url: `${base}/x`, code: "STORAGE_UNAVAILABLE" });
  expect(asked.get("/x")).toBe(3);
});

test("404 and 403 are not tried again", async () => {
  const { base, asked } = await serve((request, response) => response.writeHead(Number(request.url?.slice(1))).end());
  await expect(run(`${base}/404`).pages).rejects.toMatchObject({ status: 404 });
  await expect(run(`${base}/403`).pages).rejects.toMatchObject({ status: 403, code: "ACCESS_DENIED" });
  expect([...asked.values()]).toEqual([1, 1]);
});

test("a host that cuts connections or does not listen fails as unavailable", async () => {
  const { base } = await serve((request) => request.socket.destroy());
  await expect(run(`${base}/x`, { retries: 1 }).pages).rejects.toMatchObject({ retryable: true });
  await expect(run("http://127.0.0.1:1/", { retries: 0 }).pages).rejects.toThrow("127.0.0.1:1/ could not be fetched");
});

test("a page that hangs ends with the timeout", async () => {
  const { base } = await serve(() => undefined);
  await expect(run(`${base}/x`, { retries: 0, timeout: 200 }).pages).rejects.toBeInstanceOf(PageError);
});

test("an answer that is no page is refused by its content type", async () => {
  const { base } = await serve((_, response) => response.writeHead(200, { "content-type": "image/png" }).end("png"));
  await expect(run(`${base}/x`).pages).rejects.toThrow("answered with image/png");
});

test("a chain of pages longer than maxPages fails, and one that circles ends", async () => {
  const { base, asked } = await serve((request, response) => {
    const page = Number(request.url?.slice(1)) || 0;
    html(response, `<p>${page}</p><a class="next" href="/${request.url?.startsWith("/c") ? "c" : page + 1}">on</a>`);
  });
  await expect(run(`${base}/1`, { next: "a.next", maxPages: 3 }).pages).rejects.toMatchObject({
    code: "CONFIG_INVALID",
  });
  expect(asked.has("/4")).toBe(false);
  expect(await run(`${base}/c`, { next: "a.next" }).pages).toHaveLength(1);
});

test("links of a list are followed in order; a list reached by `next` without any fails the source", async () => {
  let second = '<a class="item" href="/i3">3</a>';
  const { base } = await serve(({ url }, response) => {
    if (url === "/l1")
      html(
        response,
        '<a class="item" href="/i1">1</a><a class="item" href="/i2">2</a><a class="next" href="/l2">on</a>',
      );
    else html(response, url === "/l2" ? second : `<p>${url}</p>`);
  });
  const lists = { follow: "a.item", next: "a.next" };
  expect((await run(`${base}/l1`, lists).pages).map(({ text }) => text)).toEqual(["/i1", "/i2", "/i3"]);
  second = "<p>Please log in</p>";
  await expect(run(`${base}/l1`, lists).pages).rejects.toThrow("No link to follow was found on page 2");
});

test("headers are sent, and a second crawl fetches again", async () => {
  const seen: unknown[] = [];
  const { base } = await serve((request, response) => {
    seen.push(request.headers["x-token"]);
    html(response, "<p>ok</p>");
  });
  await run(`${base}/x`, { headers: { "x-token": "abc" } }).pages;
  await run(`${base}/x`, { headers: { "x-token": "def" } }).pages;
  expect(seen).toEqual(["abc", "def"]);
});

test("an abort ends a hanging crawl with the signal's reason", async () => {
  const controller = new AbortController();
  const { base } = await serve(() => controller.abort(new Error("enough")));
  await expect(run(`${base}/x`, {}, controller.signal).pages).rejects.toThrow("enough");
});

test("nothing is left in the working folder", async () => {
  const { base } = await serve((_, response) => html(response, "<p>ok</p>"));
  const before = readdirSync(process.cwd());
  await run(`${base}/x`).pages;
  expect(readdirSync(process.cwd())).toEqual(before);
});

test("JSON answers are read with json()", async () => {
  const { base } = await serve((_, response) => json(response, { rows: [1, 2] }));
  const numbers = source({
    start: base,
    schema: { n: "float64" },
    parse: (page) => (page.json() as { rows: number[] }).rows.map((n) => ({ n })),
  });
  expect(records(await scraperOf({ numbers }).scraper.fetchSource("numbers"))).toEqual([{ n: 1 }, { n: 2 }]);
});
