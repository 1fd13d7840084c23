import { createHash, timingSafeEqual } from "node:crypto";
import { getConnInfo } from "@hono/node-server/conninfo";
import type { MiddlewareHandler } from "hono";
import { getCookie } from "hono/cookie";
import { HTTPException } from "hono/http-exception";
import type { Config } from "../config/settings.ts";
import { ownPath } from "./place.ts";

/** Names by which this machine calls itself. */
const ownNames = ["localhost", "127.0.0.1", "[::1]"];
/** The cookie by which a browser shows that it knows the token. */
export const tokenCookie = "millrace_token";

/**
 * Refuses a request for another host's name: a page of a stranger whose name leads to this machine (DNS rebinding) asks so.
 */
export function onlyOwnNames({ SERVICE_HOST, SERVICE_NAMES }: Config): MiddlewareHandler {
  const names = new Set([...ownNames, SERVICE_HOST, ...(SERVICE_NAMES ?? "").split(",").map((name) => name.trim())]);
  const anyAddress = SERVICE_HOST === "0.0.0.0" || SERVICE_HOST === "::";
  return async (context, next) => {
    const host = (context.req.header("host") ?? "").replace(/:\d+$/, "").toLowerCase();
    // Numbers are no names: nobody can make a number lead elsewhere.
    const known = names.has(host) || (anyAddress && /^(\d+(\.\d+){3}|\[[0-9a-f:]+\])$/.test(host));
    if (!known) throw new HTTPException(421, { message: "This service does not answer under that host name." });
    await next();
  };
}

/** Refuses what a page of another origin sends (CSRF): only reading is asked for without an origin of one's own. */
export const onlyOwnOrigin: MiddlewareHandler = async (context, next) => {
  const { method } = context.req;
  const origin = context.req.header("origin");
  const site = context.req.header("sec-fetch-site");
  const isRead = method === "GET" || method === "HEAD" || method === "OPTIONS";
  const isForeign =
    (origin !== undefined && !sameHost(origin, context.req.header("host"))) ||
    site === "cross-site" ||
    site === "same-site";
  if (isForeign && !(isRead && origin === undefined && context.req.header("sec-fetch-mode") === "navigate")) {
    throw new HTTPException(403, { message: "This service takes no requests from pages of another origin." });
  }
  await next();
};

function sameHost(origin: string, host: string | undefined): boolean {
  return URL.canParse(origin) && new URL(origin).host === host?.toLowerCase();
}

/** Refuses whoever does not know the token, when there is one. `/health`, and what the page to log in is made of, are answered to all. */
export function onlyWithToken({ SERVICE_TOKEN }: Config): MiddlewareHandler {
  return async (context, next) => {
    const path = ownPath(context);
    const isOpen = path === "/health" || path === "/login" || path.startsWith("/assets/");
    if (SERVICE_TOKEN !== undefined && !isOpen) {
      const bearer = /^Bearer (.+)$/.exec(context.req.header("authorization") ?? "")?.[1];
      if (!isToken(bearer ?? getCookie(context, tokenCookie), SERVICE_TOKEN)) {
        throw new HTTPException(401, { message: "Send the token: `Authorization: Bearer …`." });
      }
    }
    await next();
  };
}

/** Compares in a time that does not tell how much of it is right. */
export function isToken(given: string | undefined, token: string): boolean {
  const [a, b] = [given ?? "", token].map((text) => createHash("sha256").update(text).digest());
  return timingSafeEqual(a as Buffer, b as Buffer);
}

/** How many addresses are remembered. */
const mostAddresses = 10_000;
/** Seconds' worth of requests that may come at once. */
const burst = 5;

/** Answers 429 to an address that asks more often than SERVICE_RATE allows. */
export function limitRate({ SERVICE_RATE }: Config, now = () => performance.now()): MiddlewareHandler {
  const buckets = new Map<string, { left: number; at: number }>();
  return async (context, next) => {
    const address = addressOf(context);
    const time = now();
    const old = buckets.get(address) ?? { left: SERVICE_RATE * burst, at: time };
    const left = Math.min(SERVICE_RATE * burst, old.left + ((time - old.at) / 1_000) * SERVICE_RATE);
    buckets.delete(address);
    buckets.set(address, { left: Math.max(0, left - 1), at: time });
    if (buckets.size > mostAddresses) buckets.delete(buckets.keys().next().value as string);
    if (left < 1) {
      context.header("Retry-After", "1");
      throw new HTTPException(429, { message: "Too many requests; ask again in a second." });
    }
    await next();
  };
}

function addressOf(context: Parameters<typeof getConnInfo>[0]): string {
  try {
    return getConnInfo(context).remote.address ?? "";
  } catch {
    // Mounted in an app without a socket.
    return "";
  }
}
