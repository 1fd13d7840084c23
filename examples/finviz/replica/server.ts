import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { screenerPage } from "./page.ts";
import { inventStocks } from "./stocks.ts";

/** What the replica serves, and how it misbehaves. */
export interface ReplicaOptions {
  seed?: number;
  stocks?: number;
  /** 0 takes any free port. */
  port?: number;
  /** Class of the table's rows; another one is what a redesigned site looks like. */
  rowClass?: string;
  /** May answer a request itself (then it returns `true`). `count` is how often that address was asked for. */
  intercept?: (request: IncomingMessage, response: ServerResponse, count: number) => boolean;
}

/** A small site with the screener's markup, on 127.0.0.1. */
export async function startReplica(options: ReplicaOptions = {}) {
  const stocks = inventStocks(options.seed ?? 2026, options.stocks ?? 240);
  const asked = new Map<string, number>();
  const server = createServer((request, response) => {
    const address = request.url ?? "/";
    if (address === "/robots.txt") {
      response.writeHead(404, { "content-type": "text/plain" }).end("There is none.");
      return;
    }
    const count = (asked.get(address) ?? 0) + 1;
    asked.set(address, count);
    if (options.intercept?.(request, response, count)) return;
    const { pathname, searchParams } = new URL(address, "http://replica");
    const from = Number(searchParams.get("r") ?? 1);
    if (pathname !== "/screener.ashx" || !Number.isInteger(from) || from < 1) {
      response.writeHead(404, { "content-type": "text/html" }).end("<h1>Not found</h1>");
      return;
    }
    response.writeHead(200, { "content-type": "text/html; charset=utf-8" });
    response.end(screenerPage(stocks, from, options.rowClass));
  });
  server.listen(options.port ?? 0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/screener.ashx?v=111`,
    stocks,
    /** How often each address was asked for. */
    asked,
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

if (import.meta.main) {
  const replica = await startReplica({ port: Number(process.env.PORT ?? 8_800) });
  process.stdout.write(`The replica stands at ${replica.url}; end it with Ctrl-C.\n`);
}
