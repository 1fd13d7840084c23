import { createWriteStream } from "node:fs";
import http, { type ClientRequest, type IncomingMessage } from "node:http";
import https from "node:https";
import { Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import { PageError } from "../page-error.ts";
import type { AddressGuard } from "./addresses.ts";
import type { Fetch, WebAnswer, WebHeaders, WebRequest } from "./exchange.ts";
import { proxyAgents } from "./proxy.ts";
import { acceptedCodings, codingsOf, tooLarge, unpack, unpackers } from "./unpack.ts";

/** How much one answer may be. */
export interface AnswerLimits {
  /** Bytes as they are sent. */
  readonly maxBytes: number;
  /** Bytes once they are unpacked. */
  readonly maxUnpacked: number;
  /** Milliseconds from the first byte sent to the last one received. */
  readonly timeout: number;
}

/** The lowest layer: one request over the network, redirects not followed. Disposing closes its connections. */
export interface Sender extends Disposable {
  readonly send: Fetch;
}

export function sender(guard: AddressGuard, limits: AnswerLimits): Sender {
  const options = { keepAlive: true, lookup: guard.lookup };
  const agents = { "http:": new http.Agent(options), "https:": new https.Agent(options) };
  const proxies = new Map<string, typeof agents>();
  const agentsOf = (proxyUrl: string | undefined) => {
    if (proxyUrl === undefined) return agents;
    const known = proxies.get(proxyUrl) ?? proxyAgents(proxyUrl);
    proxies.set(proxyUrl, known);
    return known;
  };
  return {
    async send(request) {
      guard.checkUrl(request.url);
      request.signal?.throwIfAborted();
      const url = new URL(request.url);
      if (request.proxyUrl !== undefined) await checkName(url.hostname, guard);
      return exchange(request, url, agentsOf(request.proxyUrl)[url.protocol as "http:" | "https:"], limits);
    },
    [Symbol.dispose]() {
      for (const pair of [agents, ...proxies.values()]) for (const agent of Object.values(pair)) agent.destroy();
    },
  };
}

/** Behind a proxy it is the proxy that resolves the name; what this machine's resolver says of it is refused all the same. */
function checkName(hostname: string, guard: AddressGuard): Promise<void> {
  return new Promise((resolve, reject) => {
    guard.lookup(hostname, {}, (error) => (error instanceof PageError ? reject(error) : resolve()));
  });
}

async function exchange(request: WebRequest, url: URL, agent: http.Agent, limits: AnswerLimits): Promise<WebAnswer> {
  const { method, signal } = request;
  const headers: Record<string, string> = { "accept-encoding": acceptedCodings, ...request.headers };
  if (request.body !== undefined) headers["content-length"] = String(Buffer.byteLength(request.body));
  const asked = (url.protocol === "https:" ? https : http).request(url, { method, headers, agent });
  const timer = setTimeout(() => {
    asked.destroy(new PageError(request.url, { reason: `did not answer within ${limits.timeout} ms` }));
  }, limits.timeout);
  const onAbort = () => asked.destroy(asError(signal?.reason));
  signal?.addEventListener("abort", onAbort, { once: true });
  try {
    const response = await answered(asked, request.body);
    return await received(request, response, limits);
  } catch (cause) {
    signal?.throwIfAborted();
    throw asPageError(request.url, cause);
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", onAbort);
  }
}

function answered(asked: ClientRequest, body: string | undefined): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    asked.once("response", resolve);
    // It stays for the whole exchange: an error without a listener would end the process.
    asked.on("error", reject);
    asked.end(body);
  });
}

async function received(request: WebRequest, response: IncomingMessage, limits: AnswerLimits): Promise<WebAnswer> {
  const { url, into, method } = request;
  const status = response.statusCode ?? 0;
  const headers = headersOf(response);
  const about = { url, status, headers, time: new Date() };
  const codings = codingsOf(response.headers["content-encoding"], url);
  if (Number(response.headers["content-length"] ?? 0) > limits.maxBytes && method !== "HEAD") {
    response.destroy();
    throw tooLarge(url, "sends", limits.maxBytes, "maxBytes");
  }
  if (into !== undefined && status === 200) {
    await pipeline([
      response,
      counter(url, "sends", limits.maxBytes, "maxBytes"),
      ...unpackers(codings),
      counter(url, "unpacks to", limits.maxUnpacked, "maxUnpacked"),
      createWriteStream(into, { mode: 0o600 }),
    ]);
    return { ...about, body: Buffer.alloc(0), file: into };
  }
  const packed = await collect(response, url, limits.maxBytes);
  return { ...about, body: await unpack(packed, codings, limits.maxUnpacked, url) };
}

function collect(response: IncomingMessage, url: string, limit: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const parts: Buffer[] = [];
    let bytes = 0;
    response.on("data", (part: Buffer) => {
      bytes += part.length;
      if (bytes > limit) response.destroy(tooLarge(url, "sends", limit, "maxBytes"));
      else parts.push(part);
    });
    response.once("end", () => resolve(parts.length === 1 ? (parts[0] as Buffer) : Buffer.concat(parts)));
    response.once("error", reject);
    response.once("close", () => {
      if (!response.complete) reject(new PageError(url, { reason: "was cut off before its end" }));
    });
  });
}

function counter(url: string, what: string, limit: number, option: string): Transform {
  let bytes = 0;
  return new Transform({
    transform(part: Buffer, _, done) {
      bytes += part.length;
      if (bytes > limit) done(tooLarge(url, what, limit, option));
      else done(null, part);
    },
  });
}

function headersOf({ headers }: IncomingMessage): WebHeaders {
  const { "content-encoding": _, "content-length": __, "transfer-encoding": ___, ...kept } = headers;
  return Object.fromEntries(Object.entries(kept).filter((entry): entry is [string, string | string[]] => !!entry[1]));
}

function asError(reason: unknown): Error {
  return reason instanceof Error ? reason : new Error(String(reason));
}

/** Any failure of a request as the error that names its address. */
export function asPageError(url: string, error: unknown): PageError {
  if (error instanceof PageError) return error;
  const code = error instanceof Error && "code" in error ? `${error.code}` : "";
  const message = error instanceof Error ? error.message : String(error);
  const reason = (message || code).split("\n", 1)[0]?.replace(/\.$/, "");
  return new PageError(url, { reason: `could not be fetched: ${reason}`, cause: error });
}
