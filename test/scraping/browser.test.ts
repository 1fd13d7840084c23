import { join } from "node:path";
import chromium from "@sparticuz/chromium";
import { beforeAll, expect, test } from "vitest";
import { records } from "../../src/frame/records.ts";
import type { BrowserPage } from "../../src/scraping/browser/launch.ts";
import { BrowserScraper } from "../../src/scraping/browser-scraper.ts";
import { type ScraperSource, source } from "../../src/scraping/source.ts";
import { html, scraperOf, serve, temporaryFolder } from "./site.ts";

let executablePath = "";
beforeAll(async () => {
  executablePath = await chromium.executablePath();
});

/** A page that has its rows only once its script has run. */
const scripted = (rows: number, more = "") => `<ul id="list"></ul>${more}<script>
  setTimeout(() => {
    for (let n = 0; n < ${rows}; n++) list.innerHTML += '<li class="row" id="' + n + '">item ' + n + '</li>';
  }, 50);
</script>`;

const rows = (start: string, more: Partial<Parameters<typeof source>[0]> = {}) =>
  source({
    start,
    schema: { id: "string", text: "string" },
    ready: "li.row",
    parse: ({ $ }) =>
      $("li.row")
        .toArray()
        .map((row) => ({ id: $(row).attr("id") ?? "", text: $(row).text() })),
    retries: 0,
    timeout: 15_000,
    ...more,
  });

function browserOf(
  list: ScraperSource,
  act: (page: BrowserPage) => Promise<void> = async () => {},
  settings: Record<string, unknown> = {},
) {
  const { config, log, saver } = scraperOf({}, settings);
  class Own extends BrowserScraper {
    override readonly launch = { executablePath, args: chromium.args };
    readonly sources = { list };
    protected override act(page: BrowserPage) {
      return act(page);
    }
  }
  return { scraper: new Own(config, log.logger), config, log, saver };
}

test("a page's scripts are run, `next` is followed, and the same source without a browser finds nothing", async () => {
  const { base } = await serve(({ url }, response) =>
    html(response, scripted(3, url === "/1" ? '<a class="next" href="/2">on</a>' : "")),
  );
  const list = rows(`${base}/1`, { next: "a.next" });
  const { scraper, saver } = browserOf(list);
  expect(await scraper.scrapeData(saver)).toBe(true);
  expect(records(saver.kept.get("list") as never).map(({ text }) => text)).toEqual([
    "item 0",
    "item 1",
    "item 2",
    "item 0",
    "item 1",
    "item 2",
  ]);
  await expect(scraperOf({ list }).scraper.fetchSource("list")).rejects.toThrow("No row was found");
});

test("a page is recorded as it is shown, and replayed without a browser", async () => {
  const { base } = await serve((_, response) => html(response, scripted(2)));
  const archive = join(temporaryFolder(), "a.warc.gz");
  const { scraper } = browserOf(rows(`${base}/1`));
  const fetched = records(await scraper.fetchSource("list", { record: archive }));
  expect(fetched).toHaveLength(2);
  const { config, log } = scraperOf({});
  class Replayed extends BrowserScraper {
    override readonly launch = { executablePath: "/no/browser" };
    readonly sources = { list: rows(`${base}/1`) };
  }
  expect(records(await new Replayed(config, log.logger).fetchSource("list", { replay: archive }))).toEqual(fetched);
});

test("a step of one's own acts on the page before it is read", async () => {
  const { base } = await serve((_, response) =>
    html(
      response,
      scripted(1, `<button id="more" onclick="list.innerHTML += '<li class=row id=more2>more</li>'">more</button>`),
    ),
  );
  const { scraper } = browserOf(rows(`${base}/1`), async (page) => {
    await page.click("#more");
    await page.waitForSelector("#more2");
  });
  expect(records(await scraper.fetchSource("list")).map(({ text }) => text)).toEqual(["item 0", "more"]);
});

test("nothing that the browser fetches leads to an address that is not allowed: pages, redirects, frames, scripts", async () => {
  const secret = await serve((_, response) => html(response, "secret"), false, "127.0.0.2");
  const { base } = await serve(({ url }, response) => {
    if (url === "/redirect") response.writeHead(302, { location: `${secret.base}/page` }).end();
    else
      html(
        response,
        scripted(
          1,
          `<iframe src="${secret.base}/frame"></iframe><script src="${secret.base}/x.js"></script><img src="http://2130706434:${secret.port}/i">`,
        ),
      );
  });
  expect((await browserOf(rows(`${base}/page`)).scraper.fetchSource("list")).height).toBe(1);
  for (const start of [`${base}/redirect`, `${secret.base}/start`]) {
    await expect(browserOf(rows(start, { robots: false })).scraper.fetchSource("list")).rejects.toMatchObject({
      code: "ADDRESS_REFUSED",
    });
  }
  expect([...secret.asked.keys()]).toEqual([]);
});

test("a selector that never comes fails the source, a 404 too", async () => {
  const { base } = await serve(({ url }, response) =>
    url === "/none" ? response.writeHead(404).end() : html(response, "<p>nothing</p>"),
  );
  await expect(browserOf(rows(`${base}/x`, { timeout: 1_000 })).scraper.fetchSource("list")).rejects.toThrow(
    'does not show "li.row" within 1000 ms',
  );
  await expect(browserOf(rows(`${base}/none`)).scraper.fetchSource("list")).rejects.toMatchObject({ status: 404 });
});

test("cookies go to their own site, and headers with secrets are refused", async () => {
  const seen: string[] = [];
  const other = await serve(({ headers }, response) => {
    seen.push(`other ${headers.cookie}`);
    html(response, "");
  });
  const { base } = await serve(({ url, headers }, response) => {
    if (url === "/1") seen.push(`own ${headers.cookie}`);
    html(response, scripted(1, `<script src="http://localhost:${other.port}/x.js"></script>`));
  });
  const settings = { SCRAPE_ALLOW_PRIVATE: "127.0.0.1,localhost" };
  const list = rows(`${base}/1`, { cookies: () => ({ sid: "secret" }) });
  expect((await browserOf(list, undefined, settings).scraper.fetchSource("list")).height).toBe(1);
  expect(seen.sort()).toEqual(["other undefined", "own sid=secret"]);
  const secret = rows(`${base}/1`, { headers: () => ({ authorization: "Bearer secret" }) });
  await expect(browserOf(secret).scraper.fetchSource("list")).rejects.toThrow("other hosts would see them too");
});
