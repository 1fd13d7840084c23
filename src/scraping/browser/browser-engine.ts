import { crawleeConfiguration, type Engine } from "../crawl/crawl.ts";
import { missing } from "../crawl/crawlee.ts";
import { pageOfRequest } from "../crawl/queue.ts";
import { sessionsOf } from "../crawl/sessions.ts";
import type { Fetch, WebAnswer } from "../http/exchange.ts";
import { tooLarge } from "../http/unpack.ts";
import { PageError } from "../page-error.ts";
import type { ScraperSource } from "../source.ts";
import type { SourceWeb } from "../source-web.ts";
import type { GuardProxy } from "./guard-proxy.ts";
import type { BrowserLaunch, BrowserPage } from "./launch.ts";

/** What the engine with a browser needs. */
export interface BrowserEngineOptions {
  readonly web: SourceWeb;
  readonly source: ScraperSource;
  readonly launch: BrowserLaunch;
  readonly proxy: GuardProxy;
  act(page: BrowserPage): Promise<void>;
}

/** Ways of a browser around its proxy. */
const sealed = [
  "--disable-quic",
  "--force-webrtc-ip-handling-policy=disable_non_proxied_udp",
  "--dns-prefetch-disable",
  "--disable-background-networking",
];

/** Crawlee's Playwright crawler. A page is what the browser shows once `ready` is there. */
export function browserEngine(engine: BrowserEngineOptions): Engine {
  const { web, launch, proxy } = engine;
  return async ({ crawlee, options, common, beforePage, handle }) => {
    const { PlaywrightCrawler } = await import("@crawlee/playwright").catch((cause: unknown) => {
      throw missing(
        "@crawlee/playwright",
        "npm i @crawlee/playwright playwright && npx playwright install chromium",
        cause,
      );
    });
    const sessions = sessionsOf(crawlee, web, web.client.unrecorded);
    return new PlaywrightCrawler(
      {
        ...common,
        ...sessions.options,
        browserPoolOptions: { useFingerprints: false },
        launchContext: {
          userAgent: web.agent,
          launchOptions: {
            ...launch,
            args: [...(launch.args ?? []), ...sealed],
            headless: launch.headless ?? true,
            proxy: { ...proxy.settings },
          },
        },
        requestHandler: async ({ request, page, session }) => {
          beforePage();
          const { url } = pageOfRequest(request);
          if (session) {
            const cookies = session.getCookies(url).map(({ name, value }) => ({ name, value, url }));
            if (cookies.length > 0) await page.context().addCookies(cookies);
          }
          await page.setExtraHTTPHeaders({ ...web.headers });
          const rendered: Fetch = (asked) => render(page as unknown as Visited, asked.url, engine);
          const fetch = web.archive ? web.archive(rendered) : rendered;
          const open = async () => {
            sessions.check(session);
            await web.client.admit({ url, method: "GET", headers: {}, signal: options.signal });
            return fetch({ url, method: "GET", headers: web.headers, signal: options.signal });
          };
          await handle(request, open(), session);
        },
      },
      crawleeConfiguration(crawlee),
    );
  };
}

/** What is used of Playwright's page. */
interface Visited extends BrowserPage {
  goto(
    url: string,
    options: object,
  ): Promise<{ url(): string; status(): number; headers(): Record<string, string>; body(): Promise<Buffer> } | null>;
}

async function render(page: Visited, url: string, { source, proxy, act }: BrowserEngineOptions): Promise<WebAnswer> {
  const { timeout, ready } = source;
  const response = await page.goto(url, { timeout, waitUntil: "domcontentloaded" }).catch((cause: unknown) => {
    throw proxy.refusalOf(url) ?? proxy.refusalOf(page.url()) ?? navigationError(url, cause);
  });
  const status = response?.status() ?? 0;
  const refusal = response && status === 502 ? proxy.refusalOf(response.url()) : undefined;
  if (refusal) throw refusal;
  const type = response?.headers()["content-type"] ?? "text/html";
  const about = { url: page.url(), status, time: new Date() };
  if (status >= 400) return { ...about, headers: response?.headers() ?? {}, body: Buffer.alloc(0) };
  if (response && !type.includes("html"))
    return { ...about, headers: { "content-type": type }, body: await response.body() };
  if (ready !== undefined) {
    await page.waitForSelector(ready, { timeout }).catch((cause: unknown) => {
      throw new PageError(url, { reason: `does not show ${JSON.stringify(ready)} within ${timeout} ms`, cause });
    });
  }
  await act(page);
  const body = Buffer.from(await page.content());
  if (body.length > source.maxUnpacked) throw tooLarge(url, "has", source.maxUnpacked, "maxUnpacked");
  return { ...about, url: page.url(), headers: { "content-type": "text/html; charset=utf-8" }, body };
}

function navigationError(url: string, cause: unknown): PageError {
  const message = cause instanceof Error ? cause.message : String(cause);
  const reason =
    /net::(\w+)/.exec(message)?.[1] ?? /Timeout \d+ms exceeded/.exec(message)?.[0] ?? message.split("\n", 1)[0];
  return new PageError(url, { reason: `could not be opened: ${reason}`, cause });
}
