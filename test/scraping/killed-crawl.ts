import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { expect } from "vitest";
import { startReplica } from "../../examples/finviz/replica/server.ts";
import { parseConfig } from "../../src/config/load.ts";
import { records } from "../../src/frame/records.ts";
import { CsvStorage } from "../../src/storages/csv/index.ts";
import { logLines } from "./log-lines.ts";
import { afterTest, temporaryFolder } from "./site.ts";

/** Requests under way at once: the scraper's default. */
const atOnce = 4;

/**
 * Scrapes the replica's quote pages once undisturbed, and once by processes of which `kills` are killed with -9: each at a page that is
 * drawn by lot. Both have to end with the same rows; no page that was done may be asked for again.
 */
export async function expectSameAfterKills(kills: number, stocks: number): Promise<void> {
  let onRequest = () => {};
  const replica = await startReplica({
    stocks,
    intercept: () => {
      onRequest();
      return false;
    },
  });
  afterTest(replica.close);
  const [whole, disturbed] = [temporaryFolder(), temporaryFolder()];
  expect(await scrape(replica.url, whole).ended).toBe("saved");
  const pages = totalOf(replica.asked);
  expect(pages).toBe(Math.ceil(stocks / 20) + stocks);

  replica.asked.clear();
  for (let killed = 0; killed < kills; killed++) {
    const { child, ended } = scrape(replica.url, disturbed);
    let left = 1 + Math.floor((Math.random() * stocks) / (kills + 1));
    onRequest = () => {
      if (--left === 0) setTimeout(() => child.kill("SIGKILL"), Math.random() * 20);
    };
    expect(await ended).toBe("");
  }
  onRequest = () => {};
  const done = totalOf(replica.asked) - kills * atOnce;
  expect(await scrape(replica.url, disturbed).ended).toBe("saved");
  expect(await rowsIn(disturbed)).toEqual(await rowsIn(whole));
  expect(done).toBeLessThan(pages);
  // Only what was under way when a process was killed is asked for again.
  expect(totalOf(replica.asked)).toBeLessThanOrEqual(pages + kills * atOnce);
}

function scrape(url: string, folder: string) {
  const child = spawn(process.execPath, [join(import.meta.dirname, "kill-child.ts")], {
    env: {
      PATH: process.env.PATH,
      FINVIZ_URL: url,
      FS_DATA: folder,
      FS_TEMP: join(folder, "temp"),
      SCRAPE_CACHE_MB: "0",
    },
    stdio: ["ignore", "pipe", "inherit"],
  });
  let said = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    said += text;
  });
  return { child, ended: once(child, "close").then(() => said.trim()) };
}

async function rowsIn(folder: string) {
  const config = parseConfig({ FS_DATA: folder, FS_TEMP: join(folder, "temp") });
  return records(await new CsvStorage({ config, logger: logLines().logger }).source().getData("quotes"));
}

function totalOf(asked: ReadonlyMap<string, number>): number {
  return [...asked.values()].reduce((sum, count) => sum + count, 0);
}
