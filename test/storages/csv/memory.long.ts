import { open, readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { testTable } from "../../../bench/data.ts";
import { startChild } from "../../../src/system/child.ts";
import { withFiles } from "./files.ts";

test("a quote that is never closed is told before it fills the memory", async () => {
  const { context, source } = await withFiles({ "x.csv": 'a,b\n1,2\n3,"4\n' });
  await using file = await open(join(context.config.FS_DATA, "x.csv"), "a");
  for (let i = 0; i < 100; i += 1) await file.appendFile("1,2\n".repeat(1_500_000));
  await expect(source.getData("x")).rejects.toThrow(/line 3 has a quote that is never closed/);
  expect(process.memoryUsage.rss()).toBeLessThan(1.5e9);
});

test("a file of 1.6 GB streams into another store in less than 700 MB of memory", async () => {
  const { context } = await withFiles({ "y.csv": "a\n" });
  const block = join(context.root, "block.csv");
  const [rows, times] = [500_000, 40];
  await testTable(rows).lazy().sinkCSV(block, {}).collect();
  const text = await readFile(block);
  const header = text.indexOf("\n") + 1;
  await using file = await open(join(context.config.FS_DATA, "big.csv"), "w");
  await file.appendFile(text.subarray(0, header));
  for (let i = 0; i < times; i += 1) await file.appendFile(text.subarray(header));
  expect((await file.stat()).size).toBeGreaterThan(1.6e9);
  const program = join(import.meta.dirname, "programs", "stream.ts");
  const child = await startChild({ name: "streamer", command: process.execPath, args: [program, context.root, "big"] });
  let told = "";
  for await (const part of child.stdout ?? []) told += String(part);
  expect(await child.exited).toEqual({ code: 0, signal: null });
  const { rows: read, peakMb } = JSON.parse(told) as { rows: number; peakMb: number };
  expect(read).toBe(rows * times);
  expect(peakMb).toBeLessThan(700);
});
