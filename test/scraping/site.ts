import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach } from "vitest";
import { parseConfig } from "../../src/config/load.ts";
import { Scraper } from "../../src/scraping/scraper.ts";
import { type ScraperSource, type SourceDefinition, source } from "../../src/scraping/source.ts";
import { logLines } from "./log-lines.ts";
import { MemorySaver } from "./memory-saver.ts";

const closers: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

/** Runs when the test is over. */
export function afterTest(close: () => Promise<void> | void): void {
  closers.push(close);
}

/** A folder that is gone when the test is over. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "millrace-scraping-"));
  closers.push(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

export type Answer = (request: IncomingMessage, response: ServerResponse, count: number) => void;

/** A site on this machine. `count` is how often that address was asked for. Without an own answer its robots.txt is missing. */
export async function serve(answer: Answer, robots = false, address = "127.0.0.1") {
  const asked = new Map<string, number>();
  const server = createServer((request, response) => {
    if (!robots && request.url === "/robots.txt") {
      response.writeHead(404).end();
      return;
    }
    const count = (asked.get(request.url ?? "") ?? 0) + 1;
    asked.set(request.url ?? "", count);
    answer(request, response, count);
  });
  server.listen(0, address);
  await once(server, "listening");
  closers.push(async () => {
    server.closeAllConnections();
    server.close();
    await once(server, "close");
  });
  const { port } = server.address() as AddressInfo;
  return { base: `http://${address}:${port}`, port, asked, server };
}

export const html = (response: ServerResponse, body: string, headers: Record<string, string> = {}) =>
  response.writeHead(200, { "content-type": "text/html", ...headers }).end(`<html><body>${body}</body></html>`);

export const json = (response: ServerResponse, value: unknown, headers: Record<string, string> = {}) =>
  response.writeHead(200, { "content-type": "application/json", ...headers }).end(JSON.stringify(value));

/** A scraper of these sources, which may ask this machine, with a folder of its own. */
export function scraperOf(
  sources: Record<string, ScraperSource>,
  settings: Record<string, unknown> = {},
  log = logLines(),
) {
  class Own extends Scraper {
    readonly sources = sources;
  }
  const config = parseConfig({ FS_DATA: temporaryFolder(), SCRAPE_ALLOW_PRIVATE: "127.0.0.1", ...settings });
  return { scraper: new Own(config, log.logger), config, log, saver: new MemorySaver() };
}

/** A source that gives each page's address, number and the text of its paragraphs. */
export function pagesOf(start: SourceDefinition["start"], more: Partial<SourceDefinition> = {}): ScraperSource {
  return source({
    start,
    schema: { text: "string", url: "string", number: "int32" },
    parse: ({ $, url, number }) => [{ text: $("p").text(), url, number }],
    retryDelay: 1,
    ...more,
  });
}
