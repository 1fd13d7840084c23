import { expect, test } from "vitest";
import { AAACalculator } from "../../examples/finviz/aaa-calculator.ts";
import { parseConfig } from "../../src/config/load.ts";
import { frame } from "../../src/frame/frame.ts";
import { records } from "../../src/frame/records.ts";
import { schemaOf } from "../../src/frame/schema.ts";
import { logLines } from "../scraping/log-lines.ts";

const columns = {
  ticker: "string",
  company: "string",
  sector: "string",
  price: "float64",
  change: "float64",
  volume: "int64",
  market_cap: "float64",
  pe: "float64?",
};

function rank(rows: { ticker: string; sector: string; change: number; volume: number; pe: number | null }[]) {
  const whole = rows.map((row) => ({ company: `${row.ticker} Inc`, price: 10, market_cap: 1e9, ...row }));
  const result = new AAACalculator(parseConfig({}), logLines().logger).calculate(frame(whole, columns));
  return { result, rows: records(result) };
}

const four = [
  { ticker: "A", sector: "s", change: 0.03, volume: 1_000, pe: 10 },
  { ticker: "B", sector: "s", change: 0.01, volume: 1_000, pe: 20 },
  { ticker: "C", sector: "s", change: 0.02, volume: 1_000, pe: null },
  { ticker: "D", sector: "t", change: 0.5, volume: 10, pe: 5 },
];

test("scores are z-scores within the sector, and a ticker without earnings counts as average in value", () => {
  const { rows } = rank(four);
  const of = (ticker: string) => rows.find((row) => row.ticker === ticker) ?? {};
  expect(of("A").momentum_z).toBeCloseTo(1, 12);
  expect(of("B").momentum_z).toBeCloseTo(-1, 12);
  expect(of("C").momentum_z).toBeCloseTo(0, 12);
  expect(of("A").value_z).toBeCloseTo(Math.SQRT1_2, 12);
  expect(of("C").value_z).toBeNull();
  expect(of("A").score).toBeCloseTo((1 + Math.SQRT1_2) / 3, 12);
});

test("a sector with one ticker, and one without spread, score 0", () => {
  const { rows } = rank(four);
  expect(rows.find((row) => row.ticker === "D")).toMatchObject({ momentum_z: 0, value_z: 0, volume_z: 0, score: 0 });
  expect(rows.find((row) => row.ticker === "A")).toMatchObject({ volume_z: 0 });
});

test("the result is sorted by score, then ticker, with ranks and declared types", () => {
  const { rows, result } = rank([...four, { ticker: "AB", sector: "u", change: 0, volume: 0, pe: null }]);
  expect(rows.map(({ rank: place, ticker }) => [place, ticker])).toEqual([
    [1, "A"],
    [2, "AB"],
    [3, "C"],
    [4, "D"],
    [5, "B"],
  ]);
  expect(schemaOf(result).fields.map(({ name, type }) => `${name}:${type}`)).toEqual([
    "rank:int32",
    "ticker:string",
    "company:string",
    "sector:string",
    "price:float64",
    "change:float64",
    "volume:int64",
    "market_cap:float64",
    "pe:float64",
    "momentum_z:float64",
    "value_z:float64",
    "volume_z:float64",
    "score:float64",
    "rating:string",
  ]);
});

test("ratings go from AAA to D by quantile", () => {
  const many = Array.from({ length: 100 }, (_, index) => ({
    ticker: `T${String(index).padStart(2, "0")}`,
    sector: "s",
    change: index / 100,
    volume: 5,
    pe: null,
  }));
  const ratings = rank(many).rows.map(({ rating }) => rating);
  expect(ratings[0]).toBe("AAA");
  expect(ratings.at(-1)).toBe("D");
  expect([...new Set(ratings)]).toEqual(["AAA", "AA", "A", "BBB", "BB", "B", "CCC", "CC", "C", "D"]);
  expect(ratings.filter((rating) => rating === "AAA")).toHaveLength(5);
});
