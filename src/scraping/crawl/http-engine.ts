import { Readable } from "node:stream";
import type { BaseHttpClient, BaseHttpResponseData } from "@crawlee/cheerio";
import type { WebClient } from "../http/client.ts";
import type { Fetch, WebAnswer } from "../http/exchange.ts";
import { crawleeConfiguration, type Engine } from "./crawl.ts";
import { pageOfRequest } from "./queue.ts";
import { type SessionOptions, sessionOptions } from "./sessions.ts";

/** What the engine over HTTP needs. */
export interface HttpEngineOptions extends SessionOptions {
  /** Headers of each request, by small names. */
  readonly headers: Readonly<Record<string, string>>;
  /** A path that is free for the body of that page, when it goes into a file. */
  into?(page: number): string;
}

/** Crawlee's HTTP crawler over the layers of the web client. */
export function httpEngine(
  { fetch, unrecorded }: Pick<WebClient, "fetch" | "unrecorded">,
  engine: HttpEngineOptions,
): Engine {
  return async ({ crawlee, options, common, beforePage, handle }) => {
    const answers = new WeakMap<object, Promise<WebAnswer>>();
    return new crawlee.HttpCrawler(
      {
        ...common,
        ...(await sessionOptions(crawlee, engine, unrecorded)),
        httpClient: clientOf(fetch, answers),
        additionalMimeTypes: ["*/*"],
        preNavigationHooks: [
          async ({ request }, got) => {
            beforePage();
            got.headers = { ...engine.headers, ...got.headers };
            Object.assign(got, { signal: options.signal, into: engine.into?.(pageOfRequest(request).id) });
          },
        ],
        requestHandler: async ({ request, response, session }) => {
          await handle(request, answers.get(response), session);
        },
      },
      crawleeConfiguration(crawlee),
    );
  };
}

/**
 * The web client as Crawlee takes one. Crawlee sees no body: the page is read from the answer itself, by `handle`. It sees no failure
 * either, but in `handle`: it takes any refused connection for one of a proxy, and would change sessions without end.
 */
function clientOf(fetch: Fetch, answers: WeakMap<object, Promise<WebAnswer>>): BaseHttpClient {
  return {
    async stream(request, onRedirect) {
      const stream = Readable.from([]);
      const asked = fetch({
        url: String(request.url),
        method: (request.method ?? "GET").toUpperCase(),
        headers: smallNames(request.headers ?? {}),
        body: typeof request.body === "string" && request.body !== "" ? request.body : undefined,
        signal: request.signal,
        proxyUrl: request.proxyUrl,
        into: typeof request.into === "string" ? request.into : undefined,
        onRedirect: onRedirect && ((step, next) => redirected(step, next, onRedirect)),
      });
      answers.set(stream, asked);
      const answer = await asked.catch(() => ({ url: String(request.url), headers: {} }));
      return { ...about(answer), stream, request, downloadProgress: progress, uploadProgress: progress };
    },
    sendRequest() {
      throw new Error("Requests go through the web client");
    },
  };
}

const progress = { percent: 1, transferred: 0 };

/** Cookies are all that Crawlee's sessions read. The status is judged by `handle`. */
function about(answer: Pick<WebAnswer, "url" | "headers">): BaseHttpResponseData {
  const cookies = answer.headers["set-cookie"];
  const headers = cookies === undefined ? {} : { "set-cookie": typeof cookies === "string" ? [cookies] : [...cookies] };
  return { url: answer.url, statusCode: 200, headers, redirectUrls: [], trailers: {}, complete: true };
}

function redirected(
  step: WebAnswer,
  next: { url: string; headers: Record<string, string> },
  onRedirect: NonNullable<Parameters<BaseHttpClient["stream"]>[1]>,
): void {
  const changed: { url: string; headers: Record<string, string | string[] | undefined> } = {
    url: next.url,
    headers: {},
  };
  onRedirect(about(step), changed);
  const { Cookie: cookie } = changed.headers;
  if (typeof cookie === "string") next.headers.cookie = cookie;
}

function smallNames(headers: Readonly<Record<string, string | string[] | undefined>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) =>
      value === undefined ? [] : [[name.toLowerCase(), typeof value === "string" ? value : value.join(", ")]],
    ),
  );
}
