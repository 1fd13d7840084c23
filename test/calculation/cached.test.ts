import { rm } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { Calculator } from "../../src/calculation/calculator.ts";
import { calculationMemory } from "../../src/calculation/memory.ts";
import { parseConfig } from "../../src/config/load.ts";
import type { Config } from "../../src/config/settings.ts";
import type { Logger } from "../../src/contracts/logger.ts";
import type { IStamped } from "../../src/contracts/stamped.ts";
import { DataFactory } from "../../src/factory/data-factory.ts";
import { frame } from "../../src/frame/frame.ts";
import { type DataFrame, pl } from "../../src/frame/polars.ts";
import { testFolder } from "../frame/folder.ts";
import { logLines } from "../scraping/log-lines.ts";
import { MemoryStorage } from "./memory-storage.ts";

class Doubled extends Calculator {
  override readonly version: string;
  readonly calculated: string[] = [];

  constructor(config: Config, logger: Logger, version = "1") {
    super(config, logger);
    this.version = version;
  }

  calculate(df: DataFrame, source: string) {
    this.calculated.push(source);
    return source === "empty" ? null : df.withColumn(pl.col("n").mul(pl.lit(2)).alias("n"));
  }
}

/** A source that says by a stamp whether a frame changed. */
class Stamped extends MemoryStorage implements IStamped {
  version = 1;

  async stamp(): Promise<string> {
    return String(this.version);
  }
}

async function setUp(from = new MemoryStorage("from", { x: frame({ n: [1] }), y: frame({ n: [2] }) })) {
  const config = parseConfig({ FS_DATA: await testFolder() });
  const memory = calculationMemory(config);
  onTestFinished(() => memory[Symbol.dispose]());
  const to = new MemoryStorage("to");
  const log = logLines();
  const run = async (version = "1", more: object = {}) => {
    const calculator = new Doubled(config, log.logger, version);
    const reports = await calculator.runCompleteCalculation({
      dataSource: from,
      dataSaver: to,
      results: to,
      memory,
      ...more,
    });
    return { calculated: calculator.calculated.sort(), reports };
  };
  return { from, to, memory, config, run, log };
}

describe("a calculator with a version and a memory", () => {
  test("skips what is unchanged, and says so", async () => {
    const { from, to, run, log } = await setUp();
    expect((await run()).calculated).toEqual(["x", "y"]);
    from.frames.set("y", frame({ n: [3] }));
    to.journal.length = 0;
    const { calculated, reports } = await run();
    expect([calculated, to.journal]).toEqual([["y"], ["save y"]]);
    expect(reports).toMatchObject([
      { source: "x", status: "skipped", reason: "unchanged", rows: 0 },
      { source: "y", status: "saved", reason: null, rows: 1 },
    ]);
    expect(log.lines.map(({ message }) => message)).toContain("Skipped x: unchanged since version 1 calculated it.");
  });

  test("calculates anew for another version, another way of saving, or when it is told to", async () => {
    const { run } = await setUp();
    await run();
    expect((await run("2")).calculated).toEqual(["x", "y"]);
    expect((await run("2")).calculated).toEqual([]);
    expect((await run("2", { force: true })).calculated).toEqual(["x", "y"]);
  });

  test("calculates anew what was deleted at the destination", async () => {
    const { to, run } = await setUp();
    await run();
    to.frames.delete("x");
    expect((await run()).calculated).toEqual(["x"]);
  });

  test("calculates anew what something else was put in place of", async () => {
    const { from, memory, config, log } = await setUp();
    await using factory = new DataFactory({ config, logger: log.logger });
    const [dataSaver, results] = [factory.createDataSaver("csv"), factory.createDataSource("csv")];
    const run = async () => {
      const calculator = new Doubled(config, log.logger);
      await calculator.runCompleteCalculation({ dataSource: from, dataSaver, results, memory });
      return calculator.calculated.sort();
    };
    expect([await run(), await run()]).toEqual([["x", "y"], []]);
    await dataSaver.saveData(frame({ n: [7, 8] }), "x");
    expect([await run(), await run()]).toEqual([["x"], []]);
  });

  test("does not take a failed save for a result", async () => {
    const { to, run } = await setUp();
    to.saves = false;
    await run();
    to.saves = true;
    expect((await run()).calculated).toEqual(["x", "y"]);
  });

  test("does not even read a source whose stamp is the same", async () => {
    const from = new Stamped("from", { x: frame({ n: [1] }) });
    const { run } = await setUp(from);
    await run();
    from.asked.clear();
    expect([(await run()).calculated, from.asked.size]).toEqual([[], 0]);
    from.version = 2;
    expect((await run()).calculated).toEqual(["x"]);
  });

  test("calculates everything where it has no version or no memory", async () => {
    const { from, to, config, log, run } = await setUp();
    await run();
    expect((await run("1", { memory: undefined })).calculated).toEqual(["x", "y"]);
    class Plain extends Calculator {
      calculate = (df: DataFrame) => df;
    }
    const reports = await new Plain(config, log.logger).runCompleteCalculation({ dataSource: from, dataSaver: to });
    expect(reports.every(({ status }) => status === "saved")).toBe(true);
  });
});

describe("the memory of calculations", () => {
  test("outlives the process, and is only a memory: without its file everything is calculated once more", async () => {
    const config = parseConfig({ FS_DATA: await testFolder() });
    {
      using memory = calculationMemory(config);
      await memory.keepCalculation("k", "s");
    }
    {
      using memory = calculationMemory(config);
      expect(await memory.lastCalculation("k")).toBe("s");
    }
    await rm(join(config.FS_DATA, ".millrace"), { recursive: true });
    using memory = calculationMemory(config);
    expect(await memory.lastCalculation("k")).toBeNull();
  });

  test("state growing without bound: it keeps what was used last, and no more than it is told", async () => {
    const config = parseConfig({ FS_DATA: await testFolder() });
    using memory = calculationMemory(config, { keep: 3 });
    for (const key of ["a", "b", "c"]) await memory.keepCalculation(key, key);
    await memory.lastCalculation("a");
    await memory.keepCalculation("d", "d");
    const kept = await Promise.all(["a", "b", "c", "d"].map((key) => memory.lastCalculation(key)));
    expect(kept).toEqual(["a", null, "c", "d"]);
  });
});
