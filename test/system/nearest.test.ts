import { describe, expect, it } from "vitest";
import { didYouMean, nearestNames } from "../../src/system/nearest.ts";

const names = ["prices.csv", "Prices_2024.csv", "screener.csv", "x.csv", "trades"];

describe("nearestNames", () => {
  it("finds what was mistyped, whatever its letter case, closest first", () => {
    expect(nearestNames("PRICE.csv", names)[0]).toBe("prices.csv");
    expect(nearestNames("screner.csv", names)).toEqual(["screener.csv"]);
    expect(nearestNames("trade", names)).toEqual(["trades"]);
  });

  it("finds what was not typed to its end", () => {
    expect(nearestNames("prices", names)).toEqual(["Prices_2024.csv", "prices.csv"]);
  });

  it("names nothing that is far, and no more than were asked for", () => {
    expect(nearestNames("weather_in_berlin", names)).toEqual([]);
    expect(nearestNames("a1", ["a2", "a3", "a4", "a5"], 2)).toEqual(["a2", "a3"]);
  });
});

describe("didYouMean", () => {
  it("is a sentence to append, or nothing", () => {
    expect(didYouMean("postgress", ["csv", "postgres", "arctic"])).toBe(' Did you mean "postgres"?');
    expect(didYouMean("redis", ["csv", "postgres", "arctic"])).toBe("");
  });
});
