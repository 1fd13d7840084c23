import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { html, serve } from "../scraping/site.ts";
import { documentBlocks } from "./blocks.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
let folder = "";

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "millrace-scraping-page-"));
  mkdirSync(join(folder, "node_modules"));
  symlinkSync(root, join(folder, "node_modules/millrace"));
  writeFileSync(join(folder, "package.json"), '{ "type": "module" }');
  writeFileSync(join(folder, "millrace.config.json"), '{ "SCRAPE_ALLOW_PRIVATE": "127.0.0.1" }');
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const book = (row: string) => `<tr class="${row}" data-isbn="978"><td><a class="title" href="/b/978">A Book</a></td>
  <td class="price">1.234,50 €</td><td class="sold">12,345</td><td class="since">24.11.2026</td></tr>`;

test("the page on scraping does what it says, from its first block to the replay", async () => {
  let row = "book";
  const { base } = await serve((_, response) => html(response, `<table>${book(row)}</table>`));
  const blocks = documentBlocks(root).filter(({ at }) => at.startsWith("docs/scraping.md"));
  const [scraper, replay] = blocks.map(({ code }) => code.replaceAll("https://books.example.org", base));
  writeFileSync(join(folder, "books.ts"), scraper ?? "");
  expect(await run("books.ts")).toMatchObject({ code: 0, output: expect.stringContaining("Scraped books: 1 rows") });
  const saved = "isbn,title,price,sold,since,url\n978,A Book,1234.5,12345,2026-11-24,";
  expect(readFileSync(join(folder, "data/books.csv"), "utf8")).toContain(saved);

  const millrace = join(root, "bin/millrace.mjs");
  expect(await run(millrace, "record", "books.ts", "--out", "books.warc.gz")).toMatchObject({ code: 0 });
  row = "volume";
  const failed = await run("books.ts");
  expect(failed.code).toBe(1);
  expect(failed.output).toContain('The selector \\"tr.book\\" finds nothing any more; it found 1 before.');
  expect(readFileSync(join(folder, "data/books.csv"), "utf8")).toContain(saved);

  const replayed = (replay ?? "")
    .replace(/class Books[\s\S]*?\n}\n/, 'import { Books } from "./books.ts";\n')
    .replace("test/books.warc.gz", "books.warc.gz");
  writeFileSync(join(folder, "replay.ts"), replayed);
  expect((await run("replay.ts")).output.trimEnd()).toMatch(/\n1$/);
});

/** Runs Node in the folder. */
async function run(...args: string[]): Promise<{ code: number | null; output: string }> {
  const child = spawn(process.execPath, args, {
    cwd: folder,
    env: { PATH: process.env.PATH, HOME: process.env.HOME },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  for (const stream of [child.stderr, child.stdout]) {
    stream.setEncoding("utf8").on("data", (text: string) => {
      output += text;
    });
  }
  const code = await new Promise<number | null>((resolve) => child.on("close", resolve));
  return { code, output };
}
