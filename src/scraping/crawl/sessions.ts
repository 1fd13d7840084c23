import type { Session } from "@crawlee/cheerio";
import type { Config } from "../../config/settings.ts";
import type { Fetch, WebAnswer } from "../http/exchange.ts";
import { textOf } from "../page.ts";
import { PageError } from "../page-error.ts";
import type { Crawlee } from "./crawlee.ts";
import type { Login, LoginAnswer, LoginTools } from "./login.ts";

/** Who asks, and which way. */
export interface SessionOptions {
  readonly config: Config;
  readonly start: string;
  readonly cookies: Readonly<Record<string, string>>;
  readonly login: Login | undefined;
  readonly proxies: readonly string[];
  /** Told of the headers that a login gave. */
  onHeaders(headers: Readonly<Record<string, string>>): void;
}

/** The sessions of a crawl. */
export interface Sessions {
  /** Crawlee's options for them. */
  readonly options: object;
  /** @throws why the session's login failed. It is not tried again with the same words: sites lock accounts for that. */
  check(session: Session | undefined): void;
}

/**
 * Crawlee's sessions, which keep cookies. With a login or cookies there is one, which logs in when it begins, and anew when the site
 * answered 401 or 403; with proxies each session keeps to one of them, until that is refused.
 */
export function sessionsOf(crawlee: Crawlee, options: SessionOptions, fetch: Fetch): Sessions {
  const { cookies, login, proxies, start } = options;
  if (!login && proxies.length === 0 && Object.keys(cookies).length === 0) {
    return { options: { useSessionPool: false, persistCookiesPerSession: false }, check() {} };
  }
  const failures = new WeakMap<Session, unknown>();
  const proxyConfiguration =
    proxies.length > 0 ? new crawlee.ProxyConfiguration({ proxyUrls: [...proxies] }) : undefined;
  const begin = async (sessionPool: InstanceType<Crawlee["SessionPool"]>) => {
    // Crawlee's own limits, 50 pages and 50 minutes, would log in again and again.
    const session = new crawlee.Session({
      sessionPool,
      maxUsageCount: Number.MAX_SAFE_INTEGER,
      maxAgeSecs: 30 * 86_400,
    });
    const given = Object.entries(cookies).map(([name, value]) => ({ name, value }));
    session.setCookies(given, start);
    try {
      // The same proxy as the session's pages go through.
      const proxyUrl = await proxyConfiguration?.newUrl(session.id);
      const headers = await login?.(loginTools(options, session, (request) => fetch({ ...request, proxyUrl })));
      if (headers) options.onHeaders(headers);
    } catch (error) {
      failures.set(session, error);
    }
    return session;
  };
  return {
    options: {
      useSessionPool: true,
      persistCookiesPerSession: true,
      ...(proxyConfiguration && { proxyConfiguration }),
      sessionPoolOptions: {
        maxPoolSize: login || proxies.length === 0 ? 1 : proxies.length * 4,
        // The status is judged by millrace, which says what became of the session.
        blockedStatusCodes: [],
        createSessionFunction: begin,
      },
    },
    check(session) {
      if (!session || !failures.has(session)) return;
      session.retire();
      throw failures.get(session);
    },
  };
}

/** Sends a session's cookies with each request, also after redirects, and keeps those that come back. */
export function withCookies(fetch: Fetch, session: Session): Fetch {
  const keep = ({ url, headers }: WebAnswer) => {
    const given = headers["set-cookie"];
    if (given === undefined) return;
    session.setCookiesFromResponse({
      url,
      headers: { "set-cookie": typeof given === "string" ? [given] : [...given] },
    } as never);
  };
  const add = (url: string, headers: Readonly<Record<string, string>>) => {
    const cookie = session.getCookieString(url);
    return { ...headers, ...(cookie && { cookie }) };
  };
  return async (request) => {
    const answer = await fetch({
      ...request,
      headers: add(request.url, request.headers),
      onRedirect(step, next) {
        keep(step);
        Object.assign(next.headers, add(next.url, next.headers));
      },
    });
    keep(answer);
    return answer;
  };
}

function loginTools({ config, start }: SessionOptions, session: Session, fetch: Fetch): LoginTools {
  const send = withCookies(fetch, session);
  const ask = async (method: string, target: string, body?: string, type?: string): Promise<LoginAnswer> => {
    const url = new URL(target, start).href;
    const answer = await send({ url, method, body, headers: type ? { "content-type": type } : {} });
    if (answer.status >= 400) {
      const isLater = answer.status >= 500 || answer.status === 429;
      throw new PageError(url, {
        reason: `answered the login with ${answer.status}`,
        ...(isLater
          ? { status: answer.status }
          : { code: "ACCESS_DENIED" as const, hint: "Check the user and the password in the config." }),
      });
    }
    const text = textOf(answer);
    return { status: answer.status, url: answer.url, body: text, json: () => JSON.parse(text) };
  };
  return {
    config,
    get: (url) => ask("GET", url),
    post(url, body, { json = false } = {}) {
      if (json) return ask("POST", url, JSON.stringify(body), "application/json");
      return ask("POST", url, typeof body === "string" ? body : formOf(body), "application/x-www-form-urlencoded");
    },
  };
}

function formOf(fields: Readonly<Record<string, unknown>>): string {
  const form = new URLSearchParams();
  for (const [name, value] of Object.entries(fields)) form.set(name, String(value));
  return String(form);
}
