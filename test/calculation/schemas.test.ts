import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { Calculator } from "../../src/calculation/calculator.ts";
import { parseConfig } from "../../src/config/load.ts";
import { DataFactory } from "../../src/factory/data-factory.ts";
import { frame } from "../../src/frame/frame.ts";
import { frameSchema } from "../../src/frame/frame-schema.ts";
import type { DataFrame } from "../../src/frame/polars.ts";
import { records } from "../../src/frame/records.ts";
import { appFolder } from "../config/app-folder.ts";
import { logLines } from "../scraping/log-lines.ts";
import { MemoryStorage } from "./memory-storage.ts";

const prices = frameSchema({ ticker: "string", close: "float64" });
const changes = frameSchema({ ticker: "string", change: "float64?" });

class Changes extends Calculator {
  override readonly input = prices;
  override readonly output = changes;
  calculated: string[] = [];

  calculate(df: DataFrame, source: string): DataFrame {
    this.calculated.push(source);
    let before: number | null = null;
    const rows = records(df).map(({ ticker, close }) => {
      const change = before === null ? null : Number(close) - before;
      before = Number(close);
      return { ticker: String(ticker), change, ...(source === "bad_result" && { close: 1 }) };
    });
    return source === "bad_result" ? frame(rows) : changes.frame(rows);
  }
}

const run = async (from: MemoryStorage, to = new MemoryStorage("to")) => {
  const calculator = new Changes(parseConfig({}), logLines().logger);
  const reports = await calculator.runCompleteCalculation(from, to, to);
  return { calculator, reports, to };
};

describe("a calculator with declared schemas", () => {
  test("asks the source for its input's types, and saves a result that fits its output", async () => {
    const from = new MemoryStorage("from", { x: prices.frame([{ ticker: "A", close: 1 }]) });
    const { reports, to } = await run(from);
    expect(reports).toMatchObject([{ source: "x", status: "saved" }]);
    expect(from.asked.get("x")).toEqual({ schema: { fields: prices.fields } });
    expect(records(to.frames.get("x") ?? frame([]))).toEqual([{ ticker: "A", change: null }]);
  });

  test("takes an input with columns besides", async () => {
    const { reports } = await run(new MemoryStorage("from", { x: frame([{ ticker: "A", close: 1, high: 2 }]) }));
    expect(reports[0]?.error).toBeNull();
  });

  test.each<[string, DataFrame, string]>([
    ["lacks a column", frame([{ ticker: "A" }]), '"close" is missing in the frame'],
    [
      "has another type",
      frame([{ ticker: "A", close: "1" }]),
      '"close" is float64 in the schema and string in the frame',
    ],
    [
      "holds a null",
      frame([{ ticker: null, close: 1 }], { ticker: "string?", close: "float64" }),
      '"ticker" holds a null in row 1,',
    ],
  ])("is not given a frame that %s", async (_, df, message) => {
    const { calculator, reports, to } = await run(new MemoryStorage("from", { x: df }));
    expect(reports).toMatchObject([{ status: "failed", error: { code: "SCHEMA_MISMATCH" } }]);
    expect(reports[0]?.error?.message).toContain(message);
    expect([calculator.calculated, to.journal]).toEqual([[], []]);
  });

  test("fails with a result that does not fit before anything is backed up or saved", async () => {
    const { reports, to } = await run(
      new MemoryStorage("from", { bad_result: prices.frame([{ ticker: "A", close: 1 }]) }),
      new MemoryStorage("to", { bad_result: frame([{ old: 1 }]) }),
    );
    expect(reports[0]?.error?.message).toContain('"close" is not in the schema');
    expect(to.journal).toEqual([]);
  });

  test("skips a frame without rows, whatever its columns are", async () => {
    const { reports } = await run(new MemoryStorage("from", { x: frame([], { other: "string" }) }));
    expect(reports).toMatchObject([{ status: "skipped" }]);
  });

  test("reads whole numbers of a CSV file as the floats that it declares", async () => {
    await using folder = await appFolder();
    await writeFile(join(folder.path, "x.csv"), "ticker,close\nA,1\nA,3\n");
    await using factory = new DataFactory({ config: parseConfig({ FS_DATA: folder.path }), logger: logLines().logger });
    const to = new MemoryStorage("to");
    const calculator = new Changes(parseConfig({}), logLines().logger);
    const reports = await calculator.runCompleteCalculation({
      dataSource: factory.createDataSource("csv"),
      dataSaver: to,
    });
    expect(reports[0]?.error).toBeNull();
    expect(records(to.frames.get("x") ?? frame([]))).toEqual([
      { ticker: "A", change: null },
      { ticker: "A", change: 2 },
    ]);
  });
});
