import { afterAll, beforeAll, expect, test } from "vitest";
import { startReplica } from "../../examples/finviz/replica/server.ts";
import { inventStocks } from "../../examples/finviz/replica/stocks.ts";

let replica: Awaited<ReturnType<typeof startReplica>>;
beforeAll(async () => {
  replica = await startReplica({ stocks: 25 });
});
afterAll(() => replica.close());

test("one seed gives the same stocks each time, another seed others, and no ticker comes twice", () => {
  expect(inventStocks(7, 500)).toEqual(inventStocks(7, 500));
  expect(inventStocks(7, 5)).not.toEqual(inventStocks(8, 5));
  expect(new Set(inventStocks(7, 2_000).map(({ ticker }) => ticker)).size).toBe(2_000);
});

test("pages hold twenty rows, the last one the rest and no link", async () => {
  const first = await (await fetch(`${replica.url}/screener.ashx?v=111`)).text();
  const last = await (await fetch(`${replica.url}/screener.ashx?v=111&r=21`)).text();
  expect(first.match(/styled-row/g)).toHaveLength(20);
  expect(first).toContain("r=21");
  expect(last.match(/styled-row/g)).toHaveLength(5);
  expect(last).not.toContain("is-next");
});

test("the markup has suffixes, missing P/E and entities", async () => {
  const page = await (await fetch(`${replica.url}/screener.ashx?v=111`)).text();
  expect(page).toMatch(/<td>[\d.]+B<\/td>/);
  expect(page).toMatch(/<td>[\d.]+[MK]<\/td>/);
  expect(page).toContain("<td>-</td>");
  expect(page).toContain("&amp;");
});
