import axe from "axe-core";
import type { Browser, Page } from "playwright";
import { afterAll, beforeAll, expect, test } from "vitest";
import { frame } from "../../src/frame/frame.ts";
import { openBrowser } from "./browser/open.ts";
import { startService } from "./start.ts";

const hostile = 'id,note\n1,<script>document.title=`taken`</script>\n2,"\u202ereversed"\n3,\n';

let browser: Browser;
let service: Awaited<ReturnType<typeof startService>>;

beforeAll(async () => {
  [browser, service] = await Promise.all([openBrowser(), startService({ "prices.csv": hostile })]);
  const rows = 5_000;
  const at = Array.from({ length: rows }, (_, i) => new Date(1_700_000_000_000 + i * 60_000));
  const close = Float64Array.from({ length: rows }, (_, i) => (i === 2_500 ? 1_000 : Math.sin(i / 100)));
  const bars = frame({ at, close }, { at: "datetime[us, UTC]", close: "float64" });
  await service.factory.createDataSaver("temp").saveData(bars, "bars");
  const saver = service.factory.createDataSaver("csv");
  await saver.saveData(frame({ a: [1, 2] }), "kept");
  await saver.saveWithBackup(frame({ b: [3] }), "kept");
});
afterAll(async () => {
  await browser?.close();
  await service?.[Symbol.asyncDispose]();
});

/** A page in which anything that goes wrong in a script fails the test. */
async function open(path: string, options: Parameters<Browser["newPage"]>[0] = {}) {
  const page = await browser.newPage({ locale: "en-US", ...options });
  const problems: string[] = [];
  page.on("pageerror", ({ message }) => problems.push(message));
  page.on("console", (line) => line.type() === "error" && problems.push(line.text()));
  const answer = await page.goto(`${service.url}${path}`, { waitUntil: "networkidle" });
  expect(answer?.status()).toBe(200);
  return Object.assign(page, {
    problems,
    [Symbol.asyncDispose]: () => page.close(),
  });
}

const places = [
  "/",
  "/runs",
  "/data",
  "/data?storage=arctic",
  "/data/csv/prices.csv",
  "/data/csv/prices.csv/columns",
  "/data/temp/bars/chart",
  "/quarantine",
  "/backups",
  "/backups/restore?backup=csv:kept@1",
  "/login",
];

test.each(places)("%s has nothing that axe objects to, in light and in dark, and fits a phone", async (path) => {
  for (const colorScheme of ["light", "dark"] as const) {
    await using page = await open(path, { colorScheme, viewport: { width: 360, height: 720 } });
    expect(await violations(page)).toEqual([]);
    expect(await page.evaluate("document.documentElement.scrollWidth")).toBeLessThanOrEqual(360);
    expect(page.problems).toEqual([]);
  }
});

async function violations(page: Page): Promise<string[]> {
  await page.evaluate(`${axe.source}; 0`);
  const { violations } = (await page.evaluate("axe.run()")) as axe.AxeResults;
  return violations.map(({ id, nodes }) => `${id}: ${nodes[0]?.html}`);
}

test("values of a frame are text: no script of theirs runs", async () => {
  await using page = await open("/data/csv/prices.csv");
  expect(await page.title()).toBe("prices.csv · millrace");
  expect(await page.locator("tbody tr").first().textContent()).toContain("<script>");
  await page.goto(`${service.url}/data/csv/prices.csv/columns`);
  expect(await page.title()).toBe("prices.csv · millrace");
});

test("frames are found while one types, with the keyboard alone", async () => {
  await using page = await open("/data");
  const search = page.getByRole("searchbox");
  for (let i = 0; i < 20 && !(await search.evaluate((field) => field === field.ownerDocument.activeElement)); i += 1) {
    await page.keyboard.press("Tab");
  }
  await page.keyboard.type("bar");
  await expect.poll(() => page.locator("tbody tr:visible").allTextContents()).toHaveLength(1);
  await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  await page.waitForURL("**/data/temp/bars");
  expect(await page.getByRole("heading", { level: 1 }).textContent()).toBe("bars");
});

test("rows are paged", async () => {
  await using page = await open("/data/temp/bars");
  const first = await page.locator("tbody tr").first().textContent();
  await page.getByRole("link", { name: "After →" }).click();
  await page.waitForURL("**offset=100");
  expect(await page.locator("tbody tr").first().textContent()).not.toBe(first);
  expect(await page.locator("tbody tr").count()).toBe(100);
});

test("a chart is drawn without losing a peak, and dragging asks for a part of it", async () => {
  await using page = await open("/data/temp/bars/chart");
  await page.locator(".uplot canvas").waitFor();
  const series = await (await service.get("/api/series/temp/bars?time=at&column=close&points=100")).text();
  expect(Math.max(...JSON.parse(series).most)).toBe(1_000);
  expect(JSON.parse(series).times.length).toBeLessThanOrEqual(100);
  const box = await page.locator(".u-over").boundingBox();
  if (!box) throw new Error("The chart has no area.");
  const asked = page.waitForResponse((answer) => answer.url().includes("from="));
  await page.mouse.move(box.x + box.width * 0.25, box.y + 50);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width * 0.5, box.y + 60, { steps: 4 });
  await page.mouse.up();
  expect((await (await asked).json()).rows).toBeLessThan(2_000);
});

test("a backup is proven, and brought back after its changes were shown", async () => {
  await using page = await open("/backups");
  await page.getByRole("button", { name: "Prove" }).first().click();
  await page.getByRole("status").waitFor();
  expect(await page.getByRole("status").textContent()).toContain("equal");
  await page.getByRole("button", { name: "Restore …" }).last().click();
  expect(await page.locator("main").textContent()).toMatch(/Columns that come back: a.*Columns that go: b/s);
  await page.getByRole("button", { name: "Restore", exact: true }).click();
  await page.getByRole("status").waitFor();
  const rows = await (await service.get("/api/data/csv/kept")).json();
  expect(rows).toEqual([{ a: 1 }, { a: 2 }]);
});

test("with a token a browser is led to where it shows it, and then on", async () => {
  await using guarded = await startService({ "a.csv": "x\n1\n" }, { SERVICE_TOKEN: "a long enough secret" });
  const page = await browser.newPage({ locale: "en-US" });
  await page.goto(`${guarded.url}/data`);
  await page.getByLabel("Token").fill("something else");
  await page.keyboard.press("Enter");
  await page.getByRole("alert").waitFor();
  await page.getByLabel("Token").fill("a long enough secret");
  await page.keyboard.press("Enter");
  await page.getByRole("link", { name: "a.csv" }).waitFor();
  await page.close();
});

test("a chart is drawn also where the browser names no language that numbers can be written in", async () => {
  const page = await browser.newPage();
  await page.addInitScript('Object.defineProperty(Navigator.prototype, "language", { get: () => "en-US@posix" })');
  await page.goto(`${service.url}/data/temp/bars/chart`);
  await page.waitForSelector(".uplot canvas", { timeout: 10_000 });
  await page.close();
});
