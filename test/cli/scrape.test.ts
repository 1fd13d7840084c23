import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startReplica } from "../../examples/finviz/replica/server.ts";
import { project } from "./project.ts";

const scraper = fileURLToPath(new URL("../../examples/finviz/finviz-scraper.ts", import.meta.url));
let replica: Awaited<ReturnType<typeof startReplica>>;
beforeAll(async () => {
  replica = await startReplica({ stocks: 45 });
});
afterAll(() => replica.close());

const rowsIn = (folder: string) =>
  readFileSync(join(folder, "data/screener.csv"), "utf8").trim().split("\n").length - 1;
const here = () => project({ "millrace.config.json": JSON.stringify({ FINVIZ_URL: replica.url }) });

test("scrape saves the sources that are named, says no when one has changed, and yes with --accept", async () => {
  await using at = await here();
  expect(await at.run(["scrape", `${scraper}#FinvizScraper`, "screener"])).toMatchObject({
    code: 0,
    stdout: "csv:screener\n",
    stderr: "",
  });
  expect(rowsIn(at.path)).toBe(45);
  const stocks = replica.stocks.splice(5);
  const refused = await at.run(["scrape", scraper, "screener"]);
  expect(refused).toMatchObject({ code: 1, stdout: "screener failed; the old data stays\n" });
  expect(refused.stderr).toContain("It has 5 rows; the last good run had 45");
  expect(rowsIn(at.path)).toBe(45);
  expect(await at.run(["scrape", scraper, "screener", "--accept", "--json"])).toMatchObject({
    code: 0,
    stdout: expect.stringContaining('"saved": true'),
  });
  expect(rowsIn(at.path)).toBe(5);
  replica.stocks.push(...stocks);
});

test("record makes an archive that scrape replays without the site", async () => {
  await using at = await here();
  const recorded = await at.run(["record", scraper, "screener", "valuation", "--out", "fixture.warc.gz"]);
  expect(recorded).toMatchObject({ code: 0, stdout: "fixture.warc.gz\nscreener: 45 rows\nvaluation: 45 rows\n" });
  expect(existsSync(join(at.path, "fixture.warc.gz"))).toBe(true);
  replica.fault = "server-error";
  expect(
    await at.run(["scrape", scraper, "screener", "valuation", "--replay", "fixture.warc.gz", "--to", "temp"]),
  ).toMatchObject({ code: 0, stdout: "temp:screener\ntemp:valuation\n" });
  replica.fault = undefined;
});

test("a file that is no scraper, a class that it does not have and a run that there is none of are told", async () => {
  await using at = await here();
  expect(await at.run(["scrape", "none.ts"])).toMatchObject({
    code: 2,
    stderr: expect.stringContaining("There is no file"),
  });
  expect(await at.run(["scrape", `${scraper}#Other`])).toMatchObject({
    code: 2,
    stderr: expect.stringContaining("exports no scraper Other"),
  });
  expect(await at.run(["scrape", scraper, "screener", "--run", "again"])).toMatchObject({
    code: 2,
    stderr: expect.stringContaining("fresh, resume, retryFailed"),
  });
  expect(await at.run(["scrape", scraper, "screenr"])).toMatchObject({
    stderr: expect.stringContaining('Did you mean "screener"?'),
  });
});
