import { describe, expect, test } from "vitest";
import { Calculator, type Dependency } from "../../src/calculation/calculator.ts";
import { orderCalculators, runCalculators } from "../../src/calculation/ordered.ts";
import { parseConfig } from "../../src/config/load.ts";
import { columnOf } from "../../src/frame/access.ts";
import { frame } from "../../src/frame/frame.ts";
import { type DataFrame, pl } from "../../src/frame/polars.ts";
import { logLines } from "../scraping/log-lines.ts";
import { MemoryStorage } from "./memory-storage.ts";

class Adding extends Calculator {
  override readonly name: string;
  override readonly dependsOn: readonly Dependency[];

  constructor(name: string, ...dependsOn: Dependency[]) {
    super(parseConfig({}), logLines().logger);
    this.name = name;
    this.dependsOn = dependsOn;
  }

  calculate(df: DataFrame) {
    if (this.name === "broken") throw new Error("no such luck");
    return df.withColumn(pl.col("n").add(pl.lit(1)).alias("n"));
  }

  override destination(source: string) {
    return `${source}_${this.name}`;
  }
}

class Returns extends Adding {
  constructor() {
    super("returns");
  }
}

const values = (storage: MemoryStorage) =>
  Object.fromEntries([...storage.frames].map(([name, df]) => [name, columnOf(df, "n").toArray()[0]]));

describe("calculators that depend on each other", () => {
  test("run after those whose results they take, whatever the order they are given in", async () => {
    const from = new MemoryStorage("from", { x: frame({ n: [1] }), y: frame({ n: [10] }), rates: frame({ n: [100] }) });
    const to = new MemoryStorage("to");
    const calculators = [new Adding("risk", Returns, "rates"), new Adding("top", "risk"), new Returns()];
    const runs = await runCalculators(calculators, {
      dataSource: from,
      dataSaver: to,
      results: to,
      sources: ["x", "y"],
    });
    expect(runs.map(({ calculator, reports }) => [calculator, reports.map(({ source }) => source)])).toEqual([
      ["returns", ["x", "y"]],
      ["risk", ["rates", "x_returns", "y_returns"]],
      ["top", ["rates_risk", "x_returns_risk", "y_returns_risk"]],
    ]);
    expect(values(to)).toEqual({
      x_returns: 2,
      y_returns: 11,
      rates_risk: 101,
      x_returns_risk: 3,
      y_returns_risk: 12,
      rates_risk_top: 102,
      x_returns_risk_top: 4,
      y_returns_risk_top: 13,
    });
  });

  test("a result that failed fails what depends on it, by name, and nothing else", async () => {
    const storage = new MemoryStorage("one", { x: frame({ n: [1] }) });
    const calculators = [new Adding("broken", "x"), new Adding("after", "broken"), new Adding("beside", "x")];
    const runs = await runCalculators(calculators, { dataSource: storage, dataSaver: storage });
    expect(runs.map(({ reports }) => reports.map(({ status }) => status))).toEqual([["failed"], ["failed"], ["saved"]]);
    expect(runs[1]?.reports[0]?.error?.message).toBe('after can\'t take "x_broken": broken failed. no such luck');
  });

  test("a circle is refused before anything is read, with the way round", async () => {
    const storage = new MemoryStorage("one", { x: frame({ n: [1] }) });
    const circle = [new Adding("a", "c"), new Adding("b", "a"), new Adding("c", "b")];
    await expect(runCalculators(circle, { dataSource: storage, dataSaver: storage })).rejects.toThrow(
      "in a circle: a -> c -> b -> a.",
    );
    expect([storage.journal, storage.asked.size]).toEqual([[], 0]);
    expect(() => orderCalculators([new Adding("self", "self")])).toThrow("self -> self");
  });

  test("a class that is not among them, two of one name, and results that nothing reads are refused", async () => {
    const [from, to] = [new MemoryStorage("from", {}), new MemoryStorage("to")];
    expect(() => orderCalculators([new Adding("risk", Returns)])).toThrow(
      "risk depends on Returns, which is not among the calculators.",
    );
    expect(() => orderCalculators([new Returns(), new Returns()])).toThrow('Two calculators are called "returns".');
    await expect(
      runCalculators([new Returns(), new Adding("risk", Returns)], { dataSource: from, dataSaver: to }),
    ).rejects.toThrow("nothing reads where they are saved");
  });

  test("a source and a result of one name are refused, not mixed up", async () => {
    const from = new MemoryStorage("from", { x: frame({ n: [1] }), x_returns: frame({ n: [5] }) });
    const to = new MemoryStorage("to");
    await expect(
      runCalculators([new Returns(), new Adding("risk", Returns, "x_returns")], {
        dataSource: from,
        dataSaver: to,
        results: to,
        sources: ["x"],
      }),
    ).rejects.toThrow('"x_returns" is a source of risk and a result of returns.');
  });

  test("those that depend on nothing keep the order that they are given in", () => {
    expect(orderCalculators([new Adding("b"), new Adding("a")]).map(({ name }) => name)).toEqual(["b", "a"]);
  });
});
