import axe from "axe-core";
import type { Browser, Page } from "playwright";
import { afterAll, beforeAll, expect, test } from "vitest";
import { frame } from "../../src/frame/frame.ts";
import { definePipeline } from "../../src/pipelines/define.ts";
import { startWorker } from "../../src/queue/worker.ts";
import { openQueuePlace } from "../queue/workers.ts";
import { openBrowser } from "./browser/open.ts";
import { startService } from "./start.ts";

const state = { broken: "<b>" };
const letters = {
  storageId: "letters:",
  async getData(name: string) {
    if (name === state.broken) throw new Error(`${name} can't be read at /srv/secret/place`);
    return frame([{ name }], { name: "string" });
  },
  listSources: async () => ["a", "<b>"],
  healthCheck: async () => true,
};
class Kept {
  readonly storageId = "kept:";
  saveData = async () => true;
  saveWithBackup = async () => true;
  healthCheck = async () => true;
}
const broken = definePipeline({ name: "broken", copy: { from: letters, to: new Kept() } });
const waiting = definePipeline({ name: "waiting", copy: { from: letters, to: new Kept() } });

let browser: Browser;
let place: Awaited<ReturnType<typeof openQueuePlace>>;
let service: Awaited<ReturnType<typeof startService>>;
let settings: Record<string, unknown>;

beforeAll(async () => {
  [browser, place] = await Promise.all([openBrowser(), openQueuePlace()]);
  const { DB_SERVER, DB_PORT, DB_NAME, DB_USER, DB_PASSWORD } = place.config;
  settings = {
    DB_SERVER,
    DB_PORT,
    DB_NAME,
    DB_USER,
    DB_PASSWORD,
    DB_EMBEDDED: "never",
    QUEUE: "pg-boss",
    LEDGER: "postgres",
  };
  service = await startService({}, settings, [broken, waiting]);
});
afterAll(async () => {
  await browser?.close();
  await service?.[Symbol.asyncDispose]();
  await place?.[Symbol.asyncDispose]();
});

async function violations(page: Page): Promise<string[]> {
  await page.evaluate(`${axe.source}; 0`);
  const { violations } = (await page.evaluate("axe.run()")) as axe.AxeResults;
  return violations.map(({ id, nodes }) => `${id}: ${nodes[0]?.html}`);
}

async function expectSound(url: string): Promise<void> {
  for (const colorScheme of ["light", "dark"] as const) {
    const page = await browser.newPage({ colorScheme, viewport: { width: 360, height: 720 } });
    await page.goto(url, { waitUntil: "networkidle" });
    expect(await violations(page)).toEqual([]);
    expect(await page.evaluate("document.documentElement.scrollWidth")).toBeLessThanOrEqual(360);
    await page.close();
  }
}

test("an empty queue says what to do, and nothing of its page is wrong", async () => {
  const text = await (await service.get("/queues")).text();
  expect(text).toContain("No worker takes from this queue.");
  expect(text).toContain("millrace worker pipelines/*.ts");
  await expectSound(`${service.url}/queues`);
});

test("what failed is shown with its error and redriven, a queue is paused, resumed and purged, all by buttons", async () => {
  await using worker = await startWorker({ pipelines: [broken], factory: place.factory, concurrency: 3 });
  expect(worker.concurrency).toBe(3);
  await expect(broken.run(place.options)).rejects.toThrow("can't be read");
  await waiting.enqueue(place.options);
  await expectSound(`${service.url}/queues`);
  const page = await browser.newPage();
  await page.goto(`${service.url}/queues`);
  const dead = page.getByRole("region", { name: "Dead letters of default" }).locator("tbody tr");
  expect(await dead.allTextContents()).toEqual([expect.stringContaining("<b> can't be read at …")]);
  const workers = page.getByRole("region", { name: "Workers of default" }).locator("tbody tr");
  expect(await workers.allTextContents()).toEqual([expect.stringMatching(new RegExp(`${process.pid}[\\s\\S]*0 of 3`))]);
  state.broken = "";
  await page.getByRole("button", { name: "Redrive 1" }).click();
  await expect.poll(async () => (await broken.runs(place.options))[0]?.state).toBe("done");
  expect(await page.getByRole("status").textContent()).toMatch(/^Run \S+ goes on\.$/);
  await page.goto(`${service.url}/queues`);
  expect(await dead.count()).toBe(0);
  await page.getByRole("button", { name: "Pause" }).click();
  await expect.poll(() => page.getByText("paused", { exact: true }).count()).toBe(1);
  await page.getByText("Purge …").click();
  await page.getByRole("button", { name: "Remove the 1 that wait" }).click();
  await expect.poll(() => page.getByRole("status").textContent()).toBe("1 job that waited was removed.");
  await page.getByRole("button", { name: "Resume" }).click();
  await expect.poll(() => page.getByText("open", { exact: true }).count()).toBe(1);
  await page.close();
});

test("the API tells of queues and acts on them, and stands in the OpenAPI document", async () => {
  const listed = (await (await service.get("/api/queues")).json()) as { queue: string; paused: boolean }[];
  expect(listed).toMatchObject([{ queue: "default", paused: false, dead: [] }]);
  const post = (path: string, headers = {}) => service.get(path, { method: "POST", headers });
  expect(await (await post("/api/queues/default/pause")).json()).toEqual({
    done: expect.stringContaining("nothing more"),
  });
  expect(await (await service.get("/api/queues/default")).json()).toMatchObject({ paused: true });
  expect((await post("/api/queues/default/resume")).status).toBe(200);
  expect((await post("/api/queues/default/burn")).status).toBe(400);
  expect(await (await post("/api/queues/defaul/pause")).json()).toMatchObject({
    error: { message: 'There is no queue "defaul". Did you mean "default"?' },
  });
  const { paths } = (await (await service.get("/api/openapi.json")).json()) as { paths: object };
  expect(Object.keys(paths)).toEqual(expect.arrayContaining(["/api/queues", "/api/queues/{name}/{action}"]));
});

test("a run that no worker has begun is told as that, and its button need not wait for one", async () => {
  const answer = await service.get("/api/pipelines/waiting/run", { method: "POST" });
  expect(answer.status).toBe(202);
  const { run } = (await answer.json()) as { run: string };
  expect(await (await service.get(`/api/runs/${run}`)).json()).toMatchObject({
    error: { message: expect.stringContaining("waits in the queue") },
  });
  expect(await (await service.get("/api/queues/default/purge", { method: "POST" })).json()).toMatchObject({
    done: "1 job that waited was removed.",
  });
});

test("a page of another origin can't act on a queue", async () => {
  for (const path of ["/queues/act", "/api/queues/default/pause"]) {
    const answer = await service.get(path, {
      method: "POST",
      headers: { origin: "https://elsewhere.example", "content-type": "application/x-www-form-urlencoded" },
      body: "queue=default&action=pause",
    });
    expect(answer.status).toBe(403);
  }
  expect(await (await service.get("/api/queues/default")).json()).toMatchObject({ paused: false });
});

test("a server that is away is told on the page, and one without a queue has no such page", async () => {
  await using away = await startService({}, { ...settings, DB_PORT: 1 });
  const answer = await away.get("/queues", { headers: { accept: "text/html" } });
  expect(answer.status).toBe(503);
  expect(await answer.text()).toContain("That did not work");
  await using none = await startService();
  expect((await none.get("/queues")).status).toBe(404);
  expect((await none.get("/api/queues")).status).toBe(404);
  expect(await (await none.get("/backups")).text()).not.toContain("/queues");
});
