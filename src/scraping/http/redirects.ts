import { PageError } from "../page-error.ts";
import { type Fetch, headerOf, type WebAnswer, type WebRequest } from "./exchange.ts";

const redirects = new Set([301, 302, 303, 307, 308]);
/** What another host must not see. */
const private_ = /^(authorization|cookie|proxy-authorization)$/;

/** Follows redirects, each one through all layers below. A circle, and more than `max` of them, is an error. */
export function followRedirects(next: Fetch, max: number, secretHeaders: ReadonlySet<string> = new Set()): Fetch {
  return async (first) => {
    let request = withoutUser(first);
    const seen = new Set([stepOf(request)]);
    for (;;) {
      const answer = await next(request);
      const target = redirects.has(answer.status) ? headerOf(answer.headers, "location") : undefined;
      if (target === undefined) return answer;
      if (!URL.canParse(target, request.url)) {
        throw new PageError(request.url, {
          reason: `leads to "${target}", which is no address`,
          status: answer.status,
        });
      }
      request = redirected(request, answer, new URL(target, request.url), secretHeaders);
      if (seen.has(stepOf(request))) throw endless(first.url, "redirects in a circle");
      if (seen.size > max) throw endless(first.url, `redirects more than ${max} times`);
      seen.add(stepOf(request));
    }
  };
}

/** The same address with another cookie, or asked for in another way, is another step. */
function stepOf({ method, url, headers }: WebRequest): string {
  return `${method} ${url} ${headers.cookie ?? ""}`;
}

function redirected(request: WebRequest, answer: WebAnswer, target: URL, secrets: ReadonlySet<string>): WebRequest {
  const isElsewhere = target.origin !== new URL(request.url).origin;
  target.hash = "";
  const headers = Object.fromEntries(
    Object.entries(request.headers).filter(([name]) => !isElsewhere || !(private_.test(name) || secrets.has(name))),
  );
  const isPlain = answer.status === 303 || (answer.status < 303 && request.method === "POST");
  if (isPlain) delete headers["content-type"];
  request.onRedirect?.(answer, { url: target.href, headers });
  const { body, ...rest } = request;
  return {
    ...rest,
    url: target.href,
    headers,
    method: isPlain && request.method !== "HEAD" ? "GET" : request.method,
    ...(isPlain || body === undefined ? {} : { body }),
  };
}

/** A user and a password in the address go into the header that is made for them. */
function withoutUser(request: WebRequest): WebRequest {
  const url = new URL(request.url);
  url.hash = "";
  if (url.username === "" && url.password === "") return { ...request, url: url.href };
  const login = `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`;
  url.username = "";
  url.password = "";
  const authorization = `Basic ${Buffer.from(login).toString("base64")}`;
  return { ...request, url: url.href, headers: { authorization, ...request.headers } };
}

function endless(url: string, reason: string): PageError {
  return new PageError(url, {
    code: "LIMIT_EXCEEDED",
    reason,
    hint: "Open the address in a browser: does it want a cookie or a login?",
  });
}
