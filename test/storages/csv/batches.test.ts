import { appendFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { testTable } from "../../../bench/data.ts";
import { compareFrames } from "../../../src/frame/compare.ts";
import { pl } from "../../../src/frame/polars.ts";
import { joinFrames } from "../../../src/storages/csv/reading.ts";
import { withFiles } from "./files.ts";

test("batches of a file of another program and of millrace's own are the frame, cut", async () => {
  const { context, source, saver } = await withFiles({});
  const table = testTable(300_000);
  await saver.saveData(table, "own");
  await table.lazy().sinkCSV(join(context.config.FS_DATA, "foreign.csv"), { maintainOrder: true }).collect();
  for (const name of ["own", "foreign"]) {
    const batches = await Array.fromAsync(source.getBatches(name));
    expect(Math.max(...batches.map(({ height }) => height))).toBe(65_536);
    expect(await compareFrames(joinFrames(batches), table)).toBeNull();
    expect(await compareFrames(await source.getData(name), table)).toBeNull();
  }
});

test("times narrow each batch", async () => {
  const { context, source } = await withFiles({ "y.csv": "a\n" });
  const table = testTable(300_000);
  await table.lazy().sinkCSV(join(context.config.FS_DATA, "x.csv"), { maintainOrder: true }).collect();
  const part = { from: "2020-01-03", to: "2020-01-03T00:00:10", columns: ["volume", "symbol"] };
  const batches = await Array.fromAsync(source.getBatches("x", part));
  const rows = batches.flatMap((batch) => batch.rows());
  expect(rows).toEqual(table.slice(172_800, 10).select("volume", "symbol").rows());
});

test("a file that is replaced meanwhile is read to its end as it was", async () => {
  const { context, source } = await withFiles({ "x.csv": `a\n${"1\n".repeat(10)}` });
  const path = join(context.config.FS_DATA, "x.csv");
  const batches = source.getBatches("x", { batchRows: 4 });
  expect((await batches.next()).value?.height).toBe(4);
  await writeFile(`${path}.new`, "b\n");
  await rename(`${path}.new`, path);
  const rest = await Array.fromAsync(batches);
  expect(rest.reduce((sum, { height }) => sum + height, 0)).toBe(6);
});

test("a file that another program writes to meanwhile is told as changed", async () => {
  const { context, source } = await withFiles({ "x.csv": `a\n${"1\n".repeat(10)}` });
  const batches = source.getBatches("x", { batchRows: 4 });
  await batches.next();
  await appendFile(join(context.config.FS_DATA, "x.csv"), "x\n");
  await expect(Array.fromAsync(batches)).rejects.toThrow(/changed/);
});

test("leaving in the middle and an abort leave no file behind", async () => {
  const { context, source } = await withFiles({ "y.csv": "a\n" });
  const table = testTable(400_000);
  await table.lazy().sinkCSV(join(context.config.FS_DATA, "x.csv"), {}).collect();
  for await (const batch of source.getBatches("x")) {
    expect(batch.height).toBe(65_536);
    break;
  }
  const stop = new AbortController();
  const batches = source.getBatches("x", { signal: stop.signal });
  await batches.next();
  stop.abort(new Error("enough"));
  await expect(batches.next()).rejects.toThrow("enough");
  const { readdir } = await import("node:fs/promises");
  const { exchangeFile } = await import("../../../src/frame/exchange.ts");
  await using file = await exchangeFile(context.config, 1);
  expect(await readdir(join(file.path, ".."))).toEqual([]);
});

test("a file without rows gives one batch, with its columns", async () => {
  const { source } = await withFiles({ "x.csv": "a,b\n" });
  const batches = await Array.fromAsync(source.getBatches("x"));
  expect(batches.map(({ columns, height }) => [columns, height])).toEqual([[["a", "b"], 0]]);
  expect((await source.getData("x")).dtypes.map(String)).toEqual([pl.String, pl.String].map(String));
});
