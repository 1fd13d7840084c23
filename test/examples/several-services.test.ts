import axe from "axe-core";
import type { Browser } from "playwright";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openBrowser } from "../service/browser/open.ts";
import { serviceNames, startSeveralServices } from "./start-several-services.ts";

let example: Awaited<ReturnType<typeof startSeveralServices>>;
let browser: Browser;
beforeAll(async () => {
  [example, browser] = await Promise.all([startSeveralServices(), openBrowser()]);
});
afterAll(async () => {
  await browser?.close();
  expect(await example.end()).toBe(0);
});

test("one page shows all services of the folder, and a run that is begun there is followed and led back from", async () => {
  const page = await browser.newPage({ locale: "en-US", viewport: { width: 360, height: 720 } });
  const problems: string[] = [];
  page.on("pageerror", ({ message }) => problems.push(message));
  page.on("console", (line) => line.type() === "error" && problems.push(line.text()));
  await page.goto(`${example.url}/`);
  expect(await page.getByRole("heading", { level: 2 }).allTextContents()).toEqual(serviceNames);
  expect(await page.evaluate("document.documentElement.scrollWidth")).toBeLessThanOrEqual(360);
  await page.evaluate(`${axe.source}; 0`);
  expect(((await page.evaluate("axe.run()")) as axe.AxeResults).violations.map(({ id }) => id)).toEqual([]);

  await page.getByRole("button", { name: "Run prices" }).press("Enter");
  await page.waitForURL("**/services/prices/runs/*");
  await page.locator("h1 .state", { hasText: "done" }).waitFor();
  await page.getByRole("link", { name: "Data", exact: true }).click();
  await page.getByRole("link", { name: "prices.csv", exact: true }).click();
  expect(await page.locator("tbody tr").count()).toBe(6);
  await page.getByRole("link", { name: "millrace" }).click();
  await page.waitForURL(`${example.url}/`);
  const prices = page.getByRole("region", { name: "prices" });
  expect(await prices.locator(".state").allTextContents()).toContain("done");
  expect(problems).toEqual([]);
  await page.close();
});

test("each service has its own settings, pipelines and API, and those of another are no part of it", async () => {
  for (const name of ["prices", "weather", "orders", "trends", "archive"]) {
    expect(await example.run(name)).toMatch(/event: end\ndata: done/);
  }
  const rows = async (path: string) => (await fetch(`${example.url}/services/${path}`)).json();
  expect(await rows("orders/api/sources?storage=csv")).toMatchObject({ frames: [{ name: "orders.csv" }] });
  expect(await rows("trends/api/data/csv/prices_trend")).toHaveLength(6);
  expect(await rows("weather/api/data/csv/weather")).toHaveLength(3);
  const strange = await fetch(`${example.url}/services/orders/api/pipelines/prices/run`, { method: "POST" });
  expect(strange.status).toBe(404);
  const page = await (await fetch(`${example.url}/services/prices/`, { headers: { accept: "text/html" } })).text();
  expect(page).not.toContain("pipeline=trends");
});

interface ServiceHealth {
  readonly service: string;
  readonly storages: readonly { readonly storage: string; readonly ok: boolean; readonly state: string }[];
}

test("health tells of all services, and none of a storage that was never set up", async () => {
  const answer = await fetch(`${example.url}/health`);
  const { status, services } = (await answer.json()) as { status: string; services: ServiceHealth[] };
  expect(services.map(({ service }) => service).sort()).toEqual(serviceNames);
  expect(services[0]?.storages.find(({ storage }) => storage === "csv")?.state).toBe("up");
  const isDown = services.some(({ storages }) => storages.some(({ ok }) => !ok));
  expect([answer.status, status]).toEqual(isDown ? [503, "down"] : [200, "ok"]);
});
