import type { Browser, Locator, Page } from "playwright";
import { afterAll, beforeAll, expect, test } from "vitest";
import { frame } from "../../src/frame/frame.ts";
import { definePipeline } from "../../src/pipelines/define.ts";
import { openBrowser } from "./browser/open.ts";
import { startService } from "./start.ts";

let isMended = false;
const copy = definePipeline({ name: "copy", undoable: true, copy: { from: "csv:prices", to: "csv:kept" } });
const flaky = definePipeline({
  name: "flaky",
  steps: [
    function check() {
      if (!isMended) throw new Error("not yet");
    },
  ],
});

let browser: Browser;
let service: Awaited<ReturnType<typeof startService>>;
beforeAll(async () => {
  const turned = "id,note\n1,\u202egnp.exe\n";
  const files = { "prices.csv": "id,price\n1,2.5\n", "turned.csv": turned };
  [browser, service] = await Promise.all([openBrowser(), startService(files, {}, [copy, flaky])]);
  const at = Array.from({ length: 1_000 }, (_, i) => new Date(1_700_000_000_000 + i * 60_000));
  const close = Float64Array.from({ length: 1_000 }, (_, i) => i);
  const bars = frame({ at, close }, { at: "datetime[us, UTC]", close: "float64" });
  await service.factory.createDataSaver("temp").saveData(bars, "bars");
});
afterAll(async () => {
  await browser?.close();
  await service?.[Symbol.asyncDispose]();
});

/** Reaches something with the tab key, as who has no mouse does, and presses a key there. */
async function press(page: Page, target: Locator, key = "Enter"): Promise<void> {
  const isReached = () => target.evaluate((element) => element === element.ownerDocument.activeElement);
  for (let i = 0; i < 60 && !(await isReached()); i += 1) await page.keyboard.press("Tab");
  expect(await isReached()).toBe(true);
  await page.keyboard.press(key);
}

const state = (page: Page, text: string) => page.locator("h1 .state", { hasText: text }).waitFor();

test("with the keyboard alone a pipeline is run from the overview, and its run undone", async () => {
  const page = await browser.newPage({ locale: "en-US" });
  await page.goto(`${service.url}/`);
  await press(page, page.getByRole("link", { name: "To the content" }));
  await press(page, page.getByRole("button", { name: "Run copy" }));
  await page.waitForURL("**/runs/*");
  await state(page, "done");
  expect(await (await service.get("/api/data/csv/kept")).json()).toEqual([{ id: 1, price: 2.5 }]);
  await page.reload();
  await press(page, page.getByRole("button", { name: "Undo" }));
  await state(page, "undone");
  expect((await service.get("/api/data/csv/kept")).status).toBe(404);
  await page.close();
});

test("with the keyboard alone a run that failed is gone on with", async () => {
  const page = await browser.newPage({ locale: "en-US" });
  await page.goto(`${service.url}/runs`);
  await press(page, page.getByRole("button", { name: "Run flaky" }));
  await page.waitForURL("**/runs/*");
  await state(page, "failed");
  expect(await page.getByRole("alert").textContent()).toContain("not yet");
  await page.reload();
  isMended = true;
  await press(page, page.getByRole("button", { name: "Resume" }));
  await state(page, "done");
  await page.close();
});

test("with the keyboard alone a chart is looked at closer, elsewhere and as a whole", async () => {
  const page = await browser.newPage({ locale: "en-US" });
  await page.goto(`${service.url}/data/temp/bars/chart`);
  const rows = async (button: string) => {
    const answer = page.waitForResponse((each) => each.url().includes("/api/series/"));
    await press(page, page.getByRole("button", { name: button }));
    return ((await (await answer).json()) as { rows: number }).rows;
  };
  await page.getByText("1\u202f000 rows", { exact: true }).waitFor();
  const closer = await rows("Closer");
  expect(closer).toBeGreaterThan(400);
  expect(closer).toBeLessThan(600);
  await page.getByText(`${closer} rows`).waitFor();
  expect(await rows("Later")).toBeLessThan(600);
  expect(await rows("Whole range")).toBe(1_000);
  await page.close();
});

test("marks that turn the direction of text are shown, and turn nothing", async () => {
  const page = await browser.newPage({ locale: "en-US" });
  await page.goto(`${service.url}/data/csv/turned.csv`);
  expect(await page.locator("tbody tr").textContent()).toContain("\\u202egnp.exe");
  await page.close();
});

test("scripts and styles of all pages together have fewer than 150 kB", async () => {
  const names = ["app.css", "app.js", "chart.js", "uplot.js", "uplot.css"];
  const sizes = await Promise.all(
    names.map(async (name) => (await (await service.get(`/assets/${name}`)).arrayBuffer()).byteLength),
  );
  expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThan(150_000);
  const pages = await Promise.all(["/", "/data/temp/bars/chart"].map(async (path) => (await service.get(path)).text()));
  const asked = new Set(pages.join("").match(/(?<=\/assets\/)[\w.]+(?:js|css)/g));
  expect([...asked].sort()).toEqual(names.toSorted());
});
