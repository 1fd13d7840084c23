import { tableFromIPC } from "apache-arrow";
import { expect, test } from "vitest";
import { fromArrow } from "../../src/frame/arrow.ts";
import { compareFrames } from "../../src/frame/compare.ts";
import { frame } from "../../src/frame/frame.ts";
import { pl } from "../../src/frame/polars.ts";
import { startService } from "./start.ts";

const prices = "id,price,note\n9007199254740993,2.5,=1+1\n2,,b\n3,4,\n";

test("a frame is answered as JSON, NDJSON and CSV, with values exact and formulas disarmed", async () => {
  await using service = await startService({ "prices.csv": prices });
  const json = await service.get("/api/data/csv/prices");
  expect(json.headers.get("content-type")).toBe("application/json");
  expect(await json.json()).toEqual([
    { id: "9007199254740993", price: 2.5, note: "=1+1" },
    { id: 2, price: null, note: "b" },
    { id: 3, price: 4, note: null },
  ]);
  const lines = await (await service.get("/api/data/csv/prices?format=ndjson&columns=note,id&limit=1&offset=1")).text();
  expect(lines).toBe('{"note":"b","id":2}\n');
  const csv = await service.get("/api/data/csv/prices", { headers: { accept: "text/csv" } });
  expect(csv.headers.get("content-disposition")).toBe('attachment; filename="prices.csv"');
  expect(await csv.text()).toBe(prices.replace("=1+1", "'=1+1").replace("2.5", "2.5").replace(",4,", ",4.0,"));
  expect(await (await service.get("/api/data/csv/prices?format=csv&exact=true")).text()).toContain(",=1+1\n");
});

test("a large frame comes whole as an Arrow stream, also one of another type in each column", async () => {
  await using service = await startService();
  const rows = 200_000;
  const columns = {
    id: BigInt64Array.from({ length: rows }, (_, i) => BigInt(i) - 7n),
    text: Array.from({ length: rows }, (_, i) => (i % 7 === 0 ? null : `row ${i} ü`)),
    at: Array.from({ length: rows }, (_, i) => new Date(i * 1_000)),
  };
  const saved = frame(columns, { id: "int64", text: "string?", at: "datetime[us, UTC]" });
  await service.factory.createDataSaver("temp").saveData(saved, "large");
  const answer = await service.get("/api/data/temp/large?format=arrow");
  const table = tableFromIPC(new Uint8Array(await answer.arrayBuffer()));
  expect(table.batches.length).toBeGreaterThan(1);
  expect(await compareFrames(await fromArrow(table), saved)).toBeNull();
});

test("categories that differ from piece to piece come whole as an Arrow stream", async () => {
  await using service = await startService();
  const rows = 150_000;
  const name = (i: number) => `kind ${Math.floor(i / 40_000)} ${i % 3}`;
  const texts = frame({ kind: Array.from({ length: rows }, (_, i) => name(i)) });
  await service.factory
    .createDataSaver("temp")
    .saveData(texts.withColumn(pl.col("kind").cast(pl.Categorical)), "kinds");
  const answer = await service.get("/api/data/temp/kinds?format=arrow");
  const table = tableFromIPC(new Uint8Array(await answer.arrayBuffer()));
  const kinds = table.getChild("kind");
  expect(table.numRows).toBe(rows);
  for (let i = 0; i < rows; i += 1_001) expect(kinds?.get(i)).toBe(name(i));
});

test("a time range and a name with a folder are read, and a frame without rows is an empty array", async () => {
  await using service = await startService({ "deep/t.csv": "t,v\n2024-01-01,1\n2024-01-02,2\n2024-01-03,3\n" });
  const name = encodeURIComponent("deep/t.csv");
  const middle = await service.get(`/api/data/csv/${name}?from=2024-01-02&to=2024-01-03`);
  expect(await middle.json()).toEqual([{ t: "2024-01-02", v: 2 }]);
  expect(await (await service.get(`/api/data/csv/${name}?from=2030-01-01`)).json()).toEqual([]);
  const about = await (await service.get(`/api/sources/csv/${name}`)).json();
  expect(about).toMatchObject({
    columns: [
      { name: "t", type: "date" },
      { name: "v", type: "int64" },
    ],
    rows: 3,
  });
});

test("all frames are listed", async () => {
  await using service = await startService({ "a.csv": "x\n1\n", "deep/t.csv": "x\n1\n" });
  expect(await (await service.get("/api/sources?storage=csv")).json()).toEqual({
    frames: [
      { storage: "csv", name: "a.csv" },
      { storage: "csv", name: "deep/t.csv" },
    ],
    failed: [],
  });
});

test("a series of a column that is no number, or over one that is no time, is refused", async () => {
  await using service = await startService({ "prices.csv": "day,symbol,close\n2024-01-02,MILL,1.5\n" });
  for (const [time, column, what] of [
    ["day", "symbol", 'The column \\"symbol\\" holds string'],
    ["close", "close", 'The column \\"close\\" holds float64'],
    ["dya", "close", 'Did you mean \\"day\\"'],
  ]) {
    const answer = await service.get(`/api/series/csv/prices?time=${time}&column=${column}`);
    expect([answer.status, await answer.text()]).toEqual([400, expect.stringContaining(what as string)]);
  }
});
