import { randomBytes, timingSafeEqual } from "node:crypto";
import { once } from "node:events";
import http, { type IncomingMessage, type ServerResponse } from "node:http";
import { type AddressInfo, connect, type Socket } from "node:net";
import type { Duplex } from "node:stream";
import type { AddressGuard } from "../http/addresses.ts";
import { PageError } from "../page-error.ts";

/** The proxy that a browser goes through. Disposing ends it, and every connection. */
export interface GuardProxy extends AsyncDisposable {
  /** As Playwright takes a proxy. */
  readonly settings: {
    readonly server: string;
    readonly username: string;
    readonly password: string;
    readonly bypass: string;
  };
  /** Why that host was refused, if it was. */
  refusalOf(url: string): PageError | undefined;
}

/**
 * A proxy on this machine, for one browser, which connects only to addresses that the guard lets pass: what the browser fetches by
 * itself, such as scripts, frames and redirects, is held to the same rule as a page. Nobody else can use it: it wants a password
 * that is made for it.
 *
 * @param maxBytes of one connection; beyond it the connection is cut.
 */
export async function guardProxy(guard: AddressGuard, maxBytes: number): Promise<GuardProxy> {
  const password = randomBytes(24).toString("hex");
  const wanted = Buffer.from(`Basic ${Buffer.from(`millrace:${password}`).toString("base64")}`);
  const refusals = new Map<string, PageError>();
  const sockets = new Set<Duplex>();
  const isKnown = ({ headers }: IncomingMessage) => {
    const given = Buffer.from(headers["proxy-authorization"] ?? "");
    return given.length === wanted.length && timingSafeEqual(given, wanted);
  };
  const refuse = (host: string, error: unknown) => {
    if (error instanceof PageError) refusals.set(host, error);
  };
  const limited = (socket: Socket) => {
    let bytes = 0;
    socket.on("data", (part: Buffer) => {
      bytes += part.length;
      if (bytes > maxBytes) socket.destroy();
    });
  };

  const server = http.createServer((request, response) => {
    if (!isKnown(request)) return void response.writeHead(407, { "proxy-authenticate": "Basic" }).end();
    forward(request, response).catch((error: unknown) => {
      refuse(hostOf(request.url), error);
      if (!response.headersSent) response.writeHead(502);
      response.end();
    });
  });

  async function forward(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = request.url ?? "";
    guard.checkUrl(url);
    const { "proxy-authorization": _, "proxy-connection": __, ...headers } = request.headers;
    const asked = http.request(url, { method: request.method ?? "GET", headers, lookup: guard.lookup, agent: false });
    asked.on("socket", limited);
    request.pipe(asked);
    const [answer] = (await once(asked, "response")) as [IncomingMessage];
    response.writeHead(answer.statusCode ?? 502, answer.headers);
    answer.on("error", () => response.destroy());
    asked.on("error", () => response.destroy());
    answer.pipe(response);
  }

  server.on("connect", (request: IncomingMessage, client: Duplex, head: Buffer) => {
    client.on("error", () => client.destroy());
    if (!isKnown(request)) {
      client.end("HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic\r\n\r\n");
      return;
    }
    const host = hostOf(`https://${request.url}`);
    try {
      const { hostname, port } = new URL(`https://${request.url}`);
      guard.checkUrl(`https://${request.url}`);
      const target = connect({
        host: hostname.replace(/^\[|\]$/g, ""),
        port: Number(port || 443),
        lookup: guard.lookup,
      });
      limited(target);
      target.once("connect", () => {
        client.write("HTTP/1.1 200 Connection Established\r\n\r\n");
        target.write(head);
        target.pipe(client).pipe(target);
      });
      target.on("error", (error) => {
        refuse(host, error);
        client.end("HTTP/1.1 502 Bad Gateway\r\n\r\n");
      });
      client.on("close", () => target.destroy());
      target.on("close", () => client.destroy());
    } catch (error) {
      refuse(host, error);
      client.end("HTTP/1.1 403 Forbidden\r\n\r\n");
    }
  });
  server.on("connection", (socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    // Without the bypass a browser reaches this machine itself, past its proxy.
    settings: { server: `http://127.0.0.1:${port}`, username: "millrace", password, bypass: "<-loopback>" },
    refusalOf: (url) => refusals.get(hostOf(url)),
    async [Symbol.asyncDispose]() {
      server.close();
      for (const socket of sockets) socket.destroy();
      await once(server, "close");
    },
  };
}

function hostOf(url: string | undefined): string {
  return url !== undefined && URL.canParse(url) ? new URL(url).hostname : "";
}
