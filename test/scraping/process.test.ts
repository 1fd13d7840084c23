import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

const from = (path: string) => JSON.stringify(new URL(`../../src/scraping/${path}`, import.meta.url).href);
let server: Server;
let base = "";
let folder = "";
let hanging: (answer: () => void) => void = () => {};

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "millrace-scraping-"));
  server = createServer((request, response) => {
    const answer = (text: string) => response.writeHead(200, { "content-type": "text/html" }).end(`<p>${text}</p>`);
    if (request.url === "/hang") hanging(() => answer("late"));
    else answer("ok");
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(async () => {
  rmSync(folder, { recursive: true, force: true });
  server.closeAllConnections();
  server.close();
  await once(server, "close");
});

/** A program that crawls one page and says what became of it. */
function program(path: string, before = "") {
  const code = `${before}
    const { Scraper } = await import(${from("scraper.ts")});
    const { source } = await import(${from("source.ts")});
    const { parseConfig } = await import(${from("../config/load.ts")});
    const logger = { debug() {}, info() {}, warn() {}, error() {} };
    class Pages extends Scraper {
      sources = { pages: source({ start: "${base}${path}", schema: { p: "string" }, parse: ({ $ }) => [{ p: $("p").text() }] }) };
    }
    const config = parseConfig({ FS_DATA: ${JSON.stringify(folder)}, SCRAPE_ALLOW_PRIVATE: "127.0.0.1" });
    await new Pages(config, logger).fetchSource("pages").then(
      (frame) => console.log("pages", frame.getColumn("p").toArray().join()),
      (error) => console.log("error", error.code, error.message, error.hint),
    );`;
  const child = spawn(process.execPath, ["--input-type=module", "-e", code], { stdio: ["ignore", "pipe", "inherit"] });
  let output = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    output += text;
  });
  const ended = new Promise<{ output: string; code: number | null; signal: string | null }>((resolve) => {
    child.on("close", (code, signal) => resolve({ output: output.trim(), code, signal }));
  });
  return { child, ended };
}

test("a program ends by itself after a crawl, and Crawlee prints nothing", async () => {
  expect(await program("/").ended).toEqual({ output: "pages ok", code: 0, signal: null });
});

test("without Crawlee the error says what to install", async () => {
  const hook = `import { registerHooks } from "node:module";
    registerHooks({ resolve(specifier, context, next) {
      if (specifier === "@crawlee/cheerio") throw Object.assign(new Error("gone"), { code: "ERR_MODULE_NOT_FOUND" });
      return next(specifier, context);
    } });`;
  const { output } = await program("/", hook).ended;
  expect(output).toContain("DEPENDENCY_MISSING");
  expect(output).toContain("npm i @crawlee/cheerio");
});

describe("Ctrl-C during a crawl", () => {
  /** Resolves once the page that hangs is asked for, with what lets it answer. */
  const asked = () =>
    new Promise<() => void>((resolve) => {
      hanging = resolve;
    });

  test("ends a program that does not handle it", async () => {
    const hangs = asked();
    const { child, ended } = program("/hang");
    await hangs;
    child.kill("SIGINT");
    expect(await ended).toMatchObject({ output: "", signal: "SIGINT" });
  });

  test("is left to a program that handles it, and the crawl goes on", async () => {
    const hangs = asked();
    const { child, ended } = program("/hang", 'process.on("SIGINT", () => console.log("mine"));');
    const answer = await hangs;
    child.kill("SIGINT");
    await once(child.stdout, "data");
    answer();
    expect((await ended).output).toBe("mine\npages late");
  });
});
