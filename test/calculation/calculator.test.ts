import { describe, expect, test } from "vitest";
import { type CalculationRequest, Calculator } from "../../src/calculation/calculator.ts";
import { parseConfig } from "../../src/config/load.ts";
import { ConfigError, ConflictError, NotFoundError, SaveError, SchemaError } from "../../src/errors.ts";
import { type DataFrame, pl } from "../../src/frame/polars.ts";
import { logLines } from "../scraping/log-lines.ts";
import { MemoryStorage } from "./memory-storage.ts";

const config = parseConfig({});
const { logger } = logLines();
const numbers = (...values: number[]) => pl.DataFrame({ n: values });

class Doubler extends Calculator {
  calculate(frame: DataFrame, source: string): DataFrame | null | Promise<DataFrame> {
    if (source.startsWith("bad")) throw new Error(`no way with ${source}`);
    if (source.startsWith("none")) return null;
    return frame.withColumn(pl.col("n").mul(2).alias("n"));
  }
}

const values = (storage: MemoryStorage, name: string) => storage.frames.get(name)?.getColumn("n").toArray();

describe("runCompleteCalculation", () => {
  test("calculates every source under its own name, and backs up what stood there before saving", async () => {
    const from = new MemoryStorage("a", { x: numbers(1, 2), "y.csv": numbers(3) });
    const to = new MemoryStorage("b", { x: numbers(0) });
    const reports = await new Doubler(config, logger).runCompleteCalculation(from, to, to);
    expect(reports).toMatchObject([
      { source: "x", destination: "x", rows: 2, status: "saved", backup: "backups/x", error: null },
      { source: "y.csv", destination: "y", rows: 1, status: "saved", backup: null, error: null },
    ]);
    expect(reports.every(({ durationMs }) => durationMs >= 0)).toBe(true);
    expect(values(to, "x")).toEqual([2, 4]);
    expect(values(to, "y")).toEqual([6]);
    expect(to.journal.indexOf("backup x")).toBeLessThan(to.journal.indexOf("save x"));
  });

  test("takes its parts by name too, with no backup service", async () => {
    const from = new MemoryStorage("a", { x: numbers(1), y: numbers(2) });
    const to = new MemoryStorage("b");
    const reports = await new Doubler(config, logger).runCompleteCalculation({
      dataSource: from,
      dataSaver: to,
      sources: ["y"],
    });
    expect(reports).toMatchObject([{ source: "y", status: "saved", backup: null }]);
    expect(to.journal).toEqual(["save y"]);
  });

  test("without a backup service the log warns that nothing is backed up; with one it does not", async () => {
    const from = new MemoryStorage("a", { x: numbers(1) });
    const to = new MemoryStorage("b");
    const bare = logLines();
    await new Doubler(config, bare.logger).runCompleteCalculation({ dataSource: from, dataSaver: to });
    expect(bare.text("warn")).toContain("nothing is backed up");
    const safe = logLines();
    await new Doubler(config, safe.logger).runCompleteCalculation({
      dataSource: from,
      dataSaver: to,
      backupService: to,
    });
    expect(safe.text("warn")).toBe("");
  });

  test.each([undefined, null, "x", {}])(
    "called with %o it is a ConfigError that says what is needed",
    async (first) => {
      const run = new Doubler(config, logger).runCompleteCalculation(first as unknown as CalculationRequest);
      await expect(run).rejects.toBeInstanceOf(ConfigError);
      await expect(run).rejects.toThrow("needs a source and a saver");
    },
  );

  test.each(["xy", [1], { 0: "x" }])("sources given as %o are a ConfigError, and nothing is saved", async (wrong) => {
    const sources = wrong as unknown as string[];
    const from = new MemoryStorage("a", { x: numbers(1), y: numbers(1) });
    const to = new MemoryStorage("b");
    const calculator = new Doubler(config, logger);
    const byName = calculator.runCompleteCalculation({ dataSource: from, dataSaver: to, sources });
    await expect(byName).rejects.toBeInstanceOf(ConfigError);
    await expect(byName).rejects.toThrow("array of names");
    await expect(calculator.runCompleteCalculation(from, to, to, sources)).rejects.toBeInstanceOf(ConfigError);
    expect(to.journal).toEqual([]);
  });

  test("one failing source stops no other, and the report tells why", async () => {
    const from = new MemoryStorage("a", { bad: numbers(1), x: numbers(1) });
    const to = new MemoryStorage("b");
    const log = logLines();
    const reports = await new Doubler(config, log.logger).runCompleteCalculation(from, to, to, ["bad", "gone", "x"]);
    expect(reports.map(({ status }) => status)).toEqual(["failed", "failed", "saved"]);
    expect(reports[0]?.error?.message).toBe("no way with bad");
    expect(reports[1]?.error).toBeInstanceOf(NotFoundError);
    expect(log.text("error")).toContain("no way with bad");
  });

  test("an empty frame, and a calculation that gives null, are skipped: nothing is backed up or saved", async () => {
    const from = new MemoryStorage("a", { none: numbers(1), empty: numbers(1).head(0) });
    const to = new MemoryStorage("b", { none: numbers(7) });
    const reports = await new Doubler(config, logger).runCompleteCalculation(from, to, to);
    expect(reports.map(({ status, rows, error }) => [status, rows, error])).toEqual([
      ["skipped", 0, null],
      ["skipped", 0, null],
    ]);
    expect(to.journal).toEqual([]);
  });

  test("when the backup fails, nothing is saved", async () => {
    const from = new MemoryStorage("a", { x: numbers(1) });
    const to = new MemoryStorage("b", { x: numbers(7) });
    to.backupFails = true;
    const [report] = await new Doubler(config, logger).runCompleteCalculation(from, to, to);
    expect(report).toMatchObject({ status: "failed", backup: null });
    expect(report?.error?.message).toContain("backup disk is gone");
    expect(values(to, "x")).toEqual([7]);
  });

  test("a saver that resolves false counts as failed, and the backup is still reported", async () => {
    const from = new MemoryStorage("a", { x: numbers(1) });
    const to = new MemoryStorage("b", { x: numbers(7) });
    to.saves = false;
    const [report] = await new Doubler(config, logger).runCompleteCalculation(from, to, to);
    expect(report).toMatchObject({ status: "failed", rows: 0, backup: "backups/x" });
    expect(report?.error).toBeInstanceOf(SaveError);
  });

  test("a result that is no frame is a SchemaError", async () => {
    class Wrong extends Calculator {
      calculate(): DataFrame {
        return [{ n: 1 }] as unknown as DataFrame;
      }
    }
    const to = new MemoryStorage("b");
    const [report] = await new Wrong(config, logger).runCompleteCalculation(
      new MemoryStorage("a", { x: numbers(1) }),
      to,
      to,
    );
    expect(report?.error).toBeInstanceOf(SchemaError);
    expect(to.journal).toEqual([]);
  });

  test("works on at most `concurrency` sources at once", async () => {
    let running = 0;
    let most = 0;
    class Slow extends Calculator {
      override readonly concurrency = 2;
      async calculate(frame: DataFrame): Promise<DataFrame> {
        most = Math.max(most, ++running);
        await new Promise((resolve) => setTimeout(resolve, 5));
        running--;
        return frame;
      }
    }
    const names = ["a", "b", "c", "d", "e"];
    const from = new MemoryStorage("a", Object.fromEntries(names.map((name) => [name, numbers(1)])));
    const to = new MemoryStorage("b");
    const reports = await new Slow(config, logger).runCompleteCalculation(from, to, to);
    expect(reports.map(({ source }) => source)).toEqual(names);
    expect(most).toBe(2);
  });

  test("an abort begins no further source and rejects with the signal's reason", async () => {
    const controller = new AbortController();
    class Stopping extends Calculator {
      override readonly concurrency = 1;
      calculate(frame: DataFrame): DataFrame {
        controller.abort(new Error("enough"));
        return frame;
      }
    }
    const from = new MemoryStorage("a", { x: numbers(1), y: numbers(1) });
    const to = new MemoryStorage("b");
    const run = new Stopping(config, logger).runCompleteCalculation({
      dataSource: from,
      dataSaver: to,
      signal: controller.signal,
    });
    await expect(run).rejects.toThrow("enough");
    expect(to.journal).toEqual([]);
  });
});

describe("destinations", () => {
  class Prefixed extends Doubler {
    override destination(source: string): string {
      return `ranked_${source}`;
    }
  }

  test("saving onto its own input is refused before anything is read", async () => {
    const from = new MemoryStorage("same", { x: numbers(1) });
    const to = new MemoryStorage("same", { x: numbers(1) });
    const calculator = new Doubler(config, logger);
    await expect(calculator.runCompleteCalculation(from, to, to)).rejects.toBeInstanceOf(ConfigError);
    await expect(calculator.runCompleteCalculation(from, from, from, ["x"])).rejects.toThrow("own input");
    expect([...from.journal, ...to.journal]).toEqual([]);
  });

  test("with a destination method the same storage is fine", async () => {
    const storage = new MemoryStorage("same", { x: numbers(1) });
    const [report] = await new Prefixed(config, logger).runCompleteCalculation(storage, storage, storage);
    expect(report).toMatchObject({ destination: "ranked_x", status: "saved" });
    expect(values(storage, "x")).toEqual([1]);
    expect(values(storage, "ranked_x")).toEqual([2]);
  });

  test("two sources that would meet in one name are a ConflictError, and nothing is saved", async () => {
    const from = new MemoryStorage("a", { "x.csv": numbers(1), "x.tsv": numbers(2), y: numbers(3) });
    const to = new MemoryStorage("b");
    const run = new Doubler(config, logger).runCompleteCalculation(from, to, to);
    await expect(run).rejects.toBeInstanceOf(ConflictError);
    await expect(run).rejects.toThrow('"x.csv" and "x.tsv"');
    expect(to.journal).toEqual([]);
  });

  test("save options of the calculator reach the saver", async () => {
    class Keyed extends Doubler {
      override saveOptions() {
        return { key: ["n"] as const };
      }
    }
    const to = new MemoryStorage("b");
    await new Keyed(config, logger).runCompleteCalculation(new MemoryStorage("a", { x: numbers(1) }), to, to);
    expect(to.options.get("x")).toEqual({ key: ["n"] });
  });
});

test("a calculator without needs is healthy", async () => {
  expect(await new Doubler(config, logger).healthCheck()).toBe(true);
});
