import { readFileSync } from "node:fs";
import { addressGuard } from "./addresses.ts";
import { diskCache } from "./disk-cache.ts";
import type { Fetch } from "./exchange.ts";
import { type HostManners, keepPace } from "./hosts.ts";
import { Robots } from "./obey-robots.ts";
import { followRedirects } from "./redirects.ts";
import { type AnswerLimits, sender } from "./send.ts";

/** What a web client keeps to. */
export interface WebOptions {
  readonly limits: AnswerLimits;
  readonly maxRedirects: number;
  readonly manners: Omit<HostManners, "delay"> & {
    /** Milliseconds between two requests to one host. Default: 250, and 0 for private hosts that may be asked. */
    readonly delay: number | undefined;
  };
  readonly robots: boolean;
  readonly agent: string;
  /** Private hosts that may be asked. */
  readonly allowPrivate: readonly string[];
  /** Headers that another host must not see. */
  readonly secretHeaders: ReadonlySet<string>;
  readonly cacheFolder: string | null;
  readonly robotsFolder: string | null;
  /** Keeps or replaces each exchange: of a redirect, every step. */
  readonly archive?: ((next: Fetch) => Fetch) | undefined;
}

/** All layers as one: redirects, archive, cache, robots.txt, pace, addresses and limits. Disposing closes its connections. */
export interface WebClient extends Disposable {
  readonly fetch: Fetch;
  /** The same without the archive, for a login. */
  readonly unrecorded: Fetch;
  /** Waits until the page's host may be asked, for a browser that fetches by itself. @throws PageError as `fetch`. */
  readonly admit: Fetch;
}

const usualDelay = 250;

export function webClient(options: WebOptions): WebClient {
  const { manners, agent, maxRedirects, secretHeaders } = options;
  const guard = addressGuard(options.allowPrivate);
  const lowest = sender(guard, options.limits);
  /** What a site's robots.txt asks for, in milliseconds. */
  const paces = new Map<string, number>();
  const mannersOf = (url: string): HostManners => {
    const { hostname, origin } = new URL(url);
    const delay = manners.delay ?? (guard.isOwn(hostname) ? 0 : usualDelay);
    const asked = paces.get(origin);
    return asked === undefined ? { ...manners, delay } : { ...manners, delay: Math.max(delay, asked), concurrency: 1 };
  };
  const named =
    (next: Fetch): Fetch =>
    (request) =>
      next({ ...request, headers: { "user-agent": agent, accept: "*/*", ...request.headers } });
  const paced = keepPace(named(lowest.send), mannersOf);
  const robots = options.robots ? new Robots(followRedirects(paced, 5), agent, options.robotsFolder) : null;
  const obeying = (next: Fetch): Fetch =>
    robots === null
      ? next
      : async (request) => {
          const { crawlDelay } = await robots.check(request);
          if (crawlDelay !== undefined)
            paces.set(new URL(request.url).origin, Math.min(crawlDelay * 1_000, manners.maxWait));
          return next(request);
        };
  const mannerly = obeying(paced);
  const cached = options.cacheFolder === null ? mannerly : diskCache(mannerly, options.cacheFolder);
  const archived = options.archive ? options.archive(cached) : cached;
  return {
    fetch: followRedirects(archived, maxRedirects, secretHeaders),
    unrecorded: followRedirects(paced, maxRedirects, secretHeaders),
    admit: obeying(
      keepPace(async ({ url }) => {
        guard.checkUrl(url);
        return { url, status: 200, headers: {}, body: Buffer.alloc(0), time: new Date() };
      }, mannersOf),
    ),
    [Symbol.dispose]: () => lowest[Symbol.dispose](),
  };
}

/** `millrace/<version> (+<who>)`. */
export function userAgent(who: string): string {
  const about = readFileSync(new URL("../../../package.json", import.meta.url), "utf8");
  const { version }: { version: string } = JSON.parse(about);
  return `millrace/${version} (+${who})`;
}
