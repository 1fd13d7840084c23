import { type ChildProcess, spawn } from "node:child_process";
import { cp, mkdir, mkdtemp, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import axe from "axe-core";
import type { Browser } from "playwright";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openBrowser } from "../service/browser/open.ts";

const root = join(import.meta.dirname, "../..");
const names = ["archive", "orders", "prices", "trends", "weather"];

let folder: string;
let served: ChildProcess;
let url: string;
let browser: Browser;

/** The example as a user has it: beside an installed millrace, started by the command in its package.json. */
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "millrace-services-"));
  await cp(join(root, "examples/several-services"), folder, { recursive: true });
  await mkdir(join(folder, "node_modules"));
  await symlink(root, join(folder, "node_modules/millrace"));
  const folders = names.map((name) => `services/${name}`);
  const args = [join(root, "bin/millrace.mjs"), "serve", ...folders, "--port", "0", "--no-schedule", "--json"];
  const env = { ...process.env, DB_EMBEDDED: "never", ARCTIC_INSTALL: "never" };
  served = spawn(process.execPath, args, { cwd: folder, env, stdio: ["ignore", "pipe", "inherit"] });
  [url, browser] = await Promise.all([printedUrl(served), openBrowser()]);
});
afterAll(async () => {
  await browser?.close();
  const ended = new Promise((resolve) => served.on("exit", resolve));
  served.kill("SIGTERM");
  expect(await ended).toBe(0);
  await rm(folder, { recursive: true, force: true });
});

async function printedUrl({ stdout }: ChildProcess): Promise<string> {
  let printed = "";
  for await (const text of stdout ?? []) {
    printed += text;
    if (printed.trimEnd().endsWith("}")) return JSON.parse(printed).url;
  }
  throw new Error(`serve ended: ${printed}`);
}

test("one page shows all services of the folder, and a run that is begun there is followed and led back from", async () => {
  const page = await browser.newPage({ locale: "en-US", viewport: { width: 360, height: 720 } });
  const problems: string[] = [];
  page.on("pageerror", ({ message }) => problems.push(message));
  page.on("console", (line) => line.type() === "error" && problems.push(line.text()));
  await page.goto(`${url}/`);
  expect(await page.getByRole("heading", { level: 2 }).allTextContents()).toEqual(names);
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
  await page.waitForURL(`${url}/`);
  const prices = page.getByRole("region", { name: "prices" });
  expect(await prices.locator(".state").allTextContents()).toContain("done");
  expect(problems).toEqual([]);
  await page.close();
});

test("each service has its own settings, pipelines and API, and those of another are no part of it", async () => {
  const run = async (name: string) => {
    const init = { method: "POST", headers: { "content-type": "application/json" }, body: "{}" };
    const begun = await fetch(`${url}/services/${name}/api/pipelines/${name}/run`, init);
    const { run: id } = (await begun.json()) as { run: string };
    const events = await (await fetch(`${url}/services/${name}/api/runs/${id}/events`)).text();
    expect(events).toMatch(/event: end\ndata: done/);
  };
  for (const name of ["prices", "weather", "orders", "trends", "archive"]) await run(name);
  const rows = async (path: string) => (await fetch(`${url}/services/${path}`)).json();
  expect(await rows("orders/api/sources?storage=csv")).toMatchObject({ frames: [{ name: "orders.csv" }] });
  expect(await rows("trends/api/data/csv/prices_trend")).toHaveLength(6);
  expect(await rows("weather/api/data/csv/weather")).toHaveLength(3);
  const strange = await fetch(`${url}/services/orders/api/pipelines/prices/run`, { method: "POST" });
  expect(strange.status).toBe(404);
  const page = await (await fetch(`${url}/services/prices/`, { headers: { accept: "text/html" } })).text();
  expect(page).not.toContain("pipeline=trends");
});

interface ServiceHealth {
  readonly service: string;
  readonly storages: readonly { readonly storage: string; readonly ok: boolean; readonly state: string }[];
}

test("health tells of all services, and none of a storage that was never set up", async () => {
  const answer = await fetch(`${url}/health`);
  const { status, services } = (await answer.json()) as { status: string; services: ServiceHealth[] };
  expect(services.map(({ service }) => service).sort()).toEqual(names);
  expect(services[0]?.storages.find(({ storage }) => storage === "csv")?.state).toBe("up");
  const isDown = services.some(({ storages }) => storages.some(({ ok }) => !ok));
  expect([answer.status, status]).toEqual(isDown ? [503, "down"] : [200, "ok"]);
});
