import type { Config } from "../config/settings.ts";
import { ConfigError } from "../errors.ts";
import type { Archive } from "./archive.ts";
import { type Ask, type PlainAsk, plainAsk } from "./crawl/ask.ts";
import type { HttpEngineOptions } from "./crawl/http-engine.ts";
import { scrapingFolder } from "./folders.ts";
import { userAgent, type WebClient, webClient } from "./http/client.ts";
import { pruneCache } from "./http/disk-cache.ts";
import type { Fetch } from "./http/exchange.ts";
import { Scrubber } from "./record/scrub.ts";
import type { ScraperSource } from "./source.ts";

/** What a source is fetched with: its addresses, its client, and what is sent along. */
export interface SourceWeb extends HttpEngineOptions {
  readonly starts: readonly PlainAsk[];
  readonly client: WebClient;
  readonly agent: string;
  readonly allowPrivate: readonly string[];
  /** The layer that records or replays, if one does. */
  readonly archive: ((next: Fetch) => Fetch) | undefined;
}

/** Makes the client of a source by its declaration and the config. */
export async function openWeb(
  source: ScraperSource,
  config: Config,
  about: { scraper: string; archive: Archive; signal?: AbortSignal },
): Promise<SourceWeb> {
  const starts = await startsOf(source, config);
  const headers = smallNames(typeof source.headers === "function" ? source.headers(config) : source.headers);
  const own = typeof source.headers === "function" ? Object.values(headers) : [];
  const cookies = source.cookies(config);
  const scrubber = new Scrubber(source.secrets, [...own, ...Object.values(cookies), ...passwordsOf(starts)]);
  const allowPrivate = [
    ...source.allowPrivate,
    ...(config.SCRAPE_ALLOW_PRIVATE?.split(",")
      .map((each) => each.trim())
      .filter(Boolean) ?? []),
  ];
  const agent = config.SCRAPE_USER_AGENT ?? userAgent(about.scraper);
  const archive = about.archive.layer(scrubber);
  const cacheFolder = source.cache && config.SCRAPE_CACHE_MB > 0 ? scrapingFolder(config, "cache") : null;
  if (cacheFolder !== null) await pruneCache(cacheFolder, config.SCRAPE_CACHE_MB << 20);
  const { concurrency, maxWait, robots, maxRedirects, maxBytes, maxUnpacked, timeout } = source;
  const secretHeaders = new Set(source.secrets.map((name) => name.toLowerCase()));
  if (typeof source.headers === "function") for (const name of Object.keys(headers)) secretHeaders.add(name);
  const client = webClient({
    limits: { maxBytes, maxUnpacked, timeout },
    maxRedirects,
    manners: { concurrency, delay: source.delay, maxWait },
    robots,
    agent,
    allowPrivate,
    secretHeaders,
    cacheFolder,
    robotsFolder: scrapingFolder(config, "robots"),
    archive,
  });
  const sent: Record<string, string> = { ...headers };
  return {
    config,
    starts,
    start: starts[0]?.url ?? "",
    client,
    agent,
    allowPrivate,
    archive,
    headers: sent,
    // What is answered from an archive needs nobody to be logged in, and goes nowhere.
    cookies: about.archive.isReplay ? {} : cookies,
    login: about.archive.isReplay ? undefined : source.login,
    proxies: about.archive.isReplay ? [] : source.proxies(config),
    onHeaders(more) {
      for (const [name, value] of Object.entries(smallNames(more))) {
        sent[name] = value;
        secretHeaders.add(name);
        scrubber.learn(value);
      }
    },
  };
}

async function startsOf({ start, follow }: ScraperSource, config: Config): Promise<PlainAsk[]> {
  const given = typeof start === "function" ? await start(config) : start;
  const asks = (Array.isArray(given) ? given : [given]) as readonly Ask[];
  return asks.map((ask) => {
    try {
      return plainAsk(ask, follow !== undefined);
    } catch (cause) {
      throw new ConfigError(`"${typeof ask === "string" ? ask : ask?.url}" is no address to start from.`, { cause });
    }
  });
}

function smallNames(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
}

function passwordsOf(starts: readonly PlainAsk[]): string[] {
  return starts.map(({ url }) => decodeURIComponent(new URL(url).password)).filter(Boolean);
}
