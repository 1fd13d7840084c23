import { once } from "node:events";
import type { Browser } from "playwright";
import { afterAll, beforeAll, expect, test } from "vitest";
import { notNull } from "../../src/pipelines/checks/rules.ts";
import { definePipeline } from "../../src/pipelines/define.ts";
import { openLedger } from "../../src/pipelines/ledger/open.ts";
import { openBrowser } from "./browser/open.ts";
import { startService } from "./start.ts";

let browser: Browser;
let release = () => {};
let held = new Promise<void>((resolve) => {
  release = resolve;
});

const copy = definePipeline({ name: "copy-prices", undoable: true, copy: { from: "csv:prices", to: "temp:prices" } });
const broken = definePipeline({ name: "broken", copy: { from: "csv:nothing", to: "temp:x" } });
const slow = definePipeline({
  name: "slow",
  steps: [
    async function wait({ signal }) {
      await Promise.race([held, once(signal, "abort")]);
      signal.throwIfAborted();
    },
    function after() {},
  ],
});
const checked = definePipeline({
  name: "checked",
  checks: { price: [notNull()] },
  onFail: "quarantine",
  copy: { from: "csv:holes", to: "temp:holes" },
});
const pipelines = [checked, copy, broken, slow];
const files = { "prices.csv": "id,price\n1,2.5\n2,3\n", "holes.csv": "id,price\n1,2.5\n2,\n" };

beforeAll(async () => {
  browser = await openBrowser();
});
afterAll(() => browser?.close());

async function post(url: string, body: unknown = {}) {
  const answer = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  return { status: answer.status, body: JSON.parse(await answer.text()) };
}

/** The events of a run until it is over. */
async function follow(url: string, run: string): Promise<string> {
  return (await fetch(`${url}/api/runs/${run}/events`)).text();
}

test("a run is begun, followed and shown by the API, and undone", async () => {
  await using service = await startService(files, {}, pipelines);
  const begun = await post(`${service.url}/api/pipelines/copy-prices/run`);
  expect(begun).toMatchObject({ status: 202, body: { run: expect.any(String) } });
  const { run } = begun.body;
  expect(await follow(service.url, run)).toMatch(/event: end\ndata: done/);
  const whole = JSON.parse(await (await service.get(`/api/runs/${run}`)).text());
  expect(whole).toMatchObject({
    pipeline: "copy-prices",
    state: "done",
    rows: 2,
    steps: [{ name: "copy", state: "done", sources: [{ source: "prices", state: "done", rows: 2 }] }],
  });
  expect(await (await service.get("/api/data/temp/prices")).json()).toHaveLength(2);
  expect((await post(`${service.url}/api/runs/${run}/undo`)).status).toBe(200);
  expect(JSON.parse(await (await service.get("/api/runs?pipeline=copy-prices")).text())).toMatchObject([
    { state: "undone" },
  ]);
});

test("a run that failed says why, and one that does not exist or whose pipeline is unknown is not found", async () => {
  await using service = await startService(files, {}, pipelines);
  const { body } = await post(`${service.url}/api/pipelines/broken/run`);
  expect(await follow(service.url, body.run)).toMatch(/event: end\ndata: failed/);
  const whole = JSON.parse(await (await service.get(`/api/runs/${body.run}`)).text());
  expect(whole.error).toMatchObject({ code: "FRAME_NOT_FOUND" });
  expect((await post(`${service.url}/api/pipelines/brken/run`)).body.error.message).toContain('Did you mean "broken"?');
  expect((await service.get("/api/runs/none")).status).toBe(404);
});

test("a second run of a pipeline that is under way is refused, and the first is ended by the stop button", async () => {
  held = new Promise((resolve) => {
    release = resolve;
  });
  await using service = await startService(files, {}, pipelines);
  const { body } = await post(`${service.url}/api/pipelines/slow/run`);
  expect((await post(`${service.url}/api/pipelines/slow/run`)).status).toBe(409);
  const page = await browser.newPage({ locale: "en-US" });
  await page.goto(`${service.url}/runs/${body.run}`);
  await page.getByRole("button", { name: "Stop" }).click();
  await page.getByRole("button", { name: "Resume" }).waitFor();
  expect(await page.locator("h1").textContent()).toContain("stopped");
  await page.close();
});

test("a page of a run that is under way changes by itself when the run ends", async () => {
  held = new Promise((resolve) => {
    release = resolve;
  });
  await using service = await startService(files, {}, pipelines);
  const page = await browser.newPage({ locale: "en-US" });
  await page.goto(`${service.url}/runs?pipeline=slow`);
  await page.getByRole("button", { name: "Run slow" }).click();
  await page.getByRole("heading", { name: "slow running" }).waitFor();
  release();
  await page.getByRole("heading", { name: "slow done" }).waitFor();
  expect(await page.locator("main").textContent()).toMatch(/wait.*done.*after.*done/s);
  await page.goto(service.url);
  expect(await page.getByRole("img", { name: "1 of the last 1 runs are done" }).count()).toBe(1);
  await page.close();
});

test("rows that were put aside are shown with their reason, and tried again", async () => {
  await using service = await startService(files, {}, pipelines);
  const { body } = await post(`${service.url}/api/pipelines/checked/run`);
  expect(await follow(service.url, body.run)).toMatch(/data: done/);
  const page = await browser.newPage({ locale: "en-US" });
  await page.goto(`${service.url}/quarantine`);
  expect(await page.locator("tbody tr").textContent()).toMatch(/temp:holes.*1.*price/s);
  await page.getByRole("button", { name: "Retry with checked" }).click();
  expect(await page.getByRole("status").textContent()).toBe("0 rows were loaded into temp:holes, 1 are left.");
  await page.close();
  const health = JSON.parse(await (await service.get("/health")).text());
  expect(health.pipelines).toContainEqual({ pipeline: "checked", lastGood: expect.any(String) });
});

test("the page of a run that was killed shows what it was at as interrupted, and takes no guess at how long it took", async () => {
  await using service = await startService(files, {}, pipelines);
  await using ledger = await openLedger(service.config, service.logger);
  const id = "20240101-000000-abcdef";
  await ledger.beginRun({ id, pipeline: "slow", version: "1", by: "vm 1", request: {}, parent: null });
  const step = { run: id, index: 0, name: "wait", kind: "call", rows: 0, bytes: 0, error: null } as const;
  await ledger.putStep({ ...step, state: "running", began: new Date(), ended: null });
  const page = await (await service.get(`/runs/${id}`, { headers: { accept: "text/html" } })).text();
  expect(page.match(/interrupted<\/span>/g)).toHaveLength(2);
  expect(page).not.toMatch(/>running<|took \d/);
});
