/** Takes pictures of every page of the dashboard, in light and dark, for a desktop and a phone, into docs/images. */
import { mkdir, readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import type { Page } from "playwright";
import { samplePrices } from "../src/cli/init/sample.ts";
import { between, notNull } from "../src/pipelines/checks/rules.ts";
import { definePipeline } from "../src/pipelines/define.ts";
import "../src/queue/register.ts";
import { startWorker } from "../src/queue/worker.ts";
import { startSeveralServices } from "../test/examples/start-several-services.ts";
import { openBrowser } from "../test/service/browser/open.ts";
import { startService } from "../test/service/start.ts";

const images = fileURLToPath(new URL("../docs/images/", import.meta.url));

const daily = definePipeline({
  name: "daily-prices",
  schedule: { cron: "0 18 * * 1-5", zone: "America/New_York" },
  undoable: true,
  steps: [
    { name: "fetch", copy: { from: "csv:prices", to: "temp", backup: "csv" } },
    { name: "keep", copy: { from: "temp:prices", to: "csv:kept", key: ["symbol", "day"], backup: "csv" } },
  ],
});
const checked = definePipeline({
  name: "checked-prices",
  checks: { close: [notNull(), between(30, 1_000)] },
  onFail: "quarantine",
  copy: { from: "csv:prices", to: "temp:checked" },
});
const broken = definePipeline({ name: "broken", copy: { from: "csv:missing", to: "temp:x" } });

await mkdir(images, { recursive: true });
const stocks = await readFile(new URL("../node_modules/vega-datasets/data/sp500-2000.csv", import.meta.url), "utf8");
const files = { "prices.csv": samplePrices(), "sp500.csv": stocks };
await using service = await startService(files, {}, [daily, checked, broken]);
const around = { factory: service.factory, show: "none" } as const;
let last = "";
for (let i = 0; i < 8; i += 1) last = (await daily.run(around)).id;
await checked.run(around);
await broken.run(around).catch(() => {});
const backup = service.factory.createDataBackup("csv");
const [newest] = await backup.listBackups();
if (newest) await backup.proveBackup(newest.location);

// A queue with one worker, jobs that wait and one that could not be done.
const queueSettings = { QUEUE: "pg-boss", LEDGER: "postgres", QUEUE_SHARED_FOLDERS: true };
await using queued = await startService(files, queueSettings, [daily, broken]);
const inQueue = { factory: queued.factory, show: "none" } as const;
await using _ = await startWorker({ pipelines: [daily, broken], factory: queued.factory });
await daily.run(inQueue);
await broken.run(inQueue).catch(() => {});
await checked.enqueue(inQueue);
const several = await startSeveralServices();
for (const name of ["prices", "weather", "orders", "trends", "prices", "archive", "prices"]) await several.run(name);

const pages = {
  services: several.url,
  overview: "/",
  runs: "/runs",
  run: `/runs/${last}`,
  data: "/data",
  rows: "/data/csv/sp500.csv",
  columns: "/data/csv/sp500.csv/columns",
  chart: "/data/csv/sp500.csv/chart",
  quarantine: "/quarantine",
  backups: "/backups",
};
const browser = await openBrowser();
for (const [device, viewport] of Object.entries({
  desktop: { width: 1100, height: 700 },
  phone: { width: 360, height: 700 },
})) {
  for (const colorScheme of ["light", "dark"] as const) {
    const page = await browser.newPage({ viewport, colorScheme, locale: "en-US", timezoneId: "UTC" });
    for (const [name, path] of Object.entries(pages)) {
      await take(page, new URL(path, service.url).href, `${name}-${device}-${colorScheme}`);
    }
    await take(page, `${queued.url}/queues`, `queues-${device}-${colorScheme}`);
    await page.close();
  }
}
await browser.close();
await several.end();

async function take(page: Page, url: string, name: string): Promise<void> {
  await page.goto(url, { waitUntil: "networkidle" });
  await page.screenshot({ path: `${images}${name}.png` });
}
