import type { Session } from "@crawlee/cheerio";
import type { WebClient } from "../http/client.ts";
import { crawleeConfiguration, type Engine } from "./crawl.ts";
import type { PendingPage } from "./journal.ts";
import { pageOfRequest } from "./queue.ts";
import { type SessionOptions, sessionsOf, withCookies } from "./sessions.ts";

/** What the engine over HTTP needs. */
export interface HttpEngineOptions extends SessionOptions {
  /** Headers of each request, by small names. */
  readonly headers: Readonly<Record<string, string>>;
  /** The path for the body of that page, when it goes into a file. */
  into?: ((page: number) => string) | undefined;
}

/** Crawlee's HTTP crawler, with the layers of the web client in place of its own. */
export function httpEngine(
  { fetch, unrecorded }: Pick<WebClient, "fetch" | "unrecorded">,
  engine: HttpEngineOptions,
): Engine {
  return async ({ crawlee, options, common, beforePage, handle }) => {
    const sessions = sessionsOf(crawlee, engine, unrecorded);
    const ask = async (
      { id, url, method, body, headers }: PendingPage,
      session: Session | undefined,
      proxyUrl: string | undefined,
    ) => {
      sessions.check(session);
      const send = session ? withCookies(fetch, session) : fetch;
      const own = Object.entries(headers ?? {}).map(([name, value]) => [name.toLowerCase(), value]);
      const all = { ...engine.headers, ...Object.fromEntries(own) };
      return send({ url, method, body, headers: all, signal: options.signal, proxyUrl, into: engine.into?.(id) });
    };
    return new crawlee.HttpCrawler(
      {
        ...common,
        ...sessions.options,
        requestHandler: async ({ request, session, proxyInfo }) => {
          beforePage();
          await handle(request, ask(pageOfRequest(request), session, proxyInfo?.url), session);
        },
      },
      crawleeConfiguration(crawlee),
    );
  };
}
