import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { type Fault, misbehave } from "./faults.ts";
import { screenerPage } from "./page.ts";
import { quotePage } from "./quote.ts";
import { inventStocks } from "./stocks.ts";

/** What the replica serves, and how it misbehaves. */
export interface ReplicaOptions {
  seed?: number;
  stocks?: number;
  /** 0 takes any free port. */
  port?: number;
  /** What it does wrong. It can be set while it runs: `replica.fault = "hang"`. */
  fault?: Fault;
  /** May answer a request itself (then it returns `true`). `count` is how often that address was asked for. */
  intercept?: (request: IncomingMessage, response: ServerResponse, count: number) => boolean;
}

/** A small site with the screener's markup, on 127.0.0.1. */
export async function startReplica(options: ReplicaOptions = {}) {
  const stocks = inventStocks(options.seed ?? 2026, options.stocks ?? 240);
  const asked = new Map<string, number>();
  const replica = {
    /** Its root. */
    url: "",
    stocks,
    /** How often each address was asked for. */
    asked,
    fault: options.fault,
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
  const server = createServer((request, response) => {
    const address = request.url ?? "/";
    if (address === "/robots.txt") {
      response.writeHead(404, { "content-type": "text/plain" }).end("There is none.");
      return;
    }
    const count = (asked.get(address) ?? 0) + 1;
    asked.set(address, count);
    if (options.intercept?.(request, response, count) || misbehave(replica.fault, request, response)) return;
    const page = pageAt(new URL(address, "http://replica"));
    const headers = { "content-type": "text/html; charset=utf-8" };
    response.writeHead(page === null ? 404 : 200, headers).end(page ?? "<h1>Not found</h1>");
  });
  const pageAt = ({ pathname, searchParams }: URL): string | null => {
    const from = Number(searchParams.get("r") ?? 1);
    const isRight = Number.isInteger(from) && from > 0;
    const stock = stocks.find(({ ticker }) => ticker === searchParams.get("t"));
    if (pathname === "/quote.ashx") return stock ? quotePage(stock) : null;
    if (pathname !== "/screener.ashx" || !isRight) return null;
    return screenerPage(stocks, searchParams.get("v") ?? "111", from, {
      row: replica.fault === "rename-class" ? "table-row" : "styled-row",
      ticker: replica.fault === "rename-cell" ? "ticker-link" : "tab-link",
    });
  };
  server.listen(options.port ?? 0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  replica.url = `http://127.0.0.1:${port}`;
  return replica;
}

if (import.meta.main) {
  const replica = await startReplica({ port: Number(process.env.PORT ?? 8_800) });
  replica.fault = process.argv[2] as Fault | undefined;
  process.stdout.write(`The replica stands at ${replica.url}; end it with Ctrl-C.\n`);
}
