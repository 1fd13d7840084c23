import type { WebClient } from "../http/client.ts";
import { crawleeConfiguration, type Engine } from "./crawl.ts";
import { pageOfRequest } from "./queue.ts";
import { type SessionOptions, sessionOptions, withCookies } from "./sessions.ts";

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
  return async ({ crawlee, options, common, beforePage, handle }) =>
    new crawlee.HttpCrawler(
      {
        ...common,
        ...(await sessionOptions(crawlee, engine, unrecorded)),
        requestHandler: async ({ request, session, proxyInfo }) => {
          beforePage();
          const { id, url, method, body, headers } = pageOfRequest(request);
          const send = session ? withCookies(fetch, session) : fetch;
          const own = Object.entries(headers ?? {}).map(([name, value]) => [name.toLowerCase(), value]);
          const answer = send({
            url,
            method,
            body,
            headers: { ...engine.headers, ...Object.fromEntries(own) },
            signal: options.signal,
            proxyUrl: proxyInfo?.url,
            into: engine.into?.(id),
          });
          await handle(request, answer, session);
        },
      },
      crawleeConfiguration(crawlee),
    );
}
