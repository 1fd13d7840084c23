import { describe, expect, test } from "vitest";
import { type FeedOptions, feed } from "./fuzz.ts";

const seed = 7;
const samples: Omit<FeedOptions, "seed">[] = [
  { what: "csv", storage: "csv", count: 60 },
  { what: "arrow", storage: "temp", count: 16 },
  { what: "backup", storage: "csv", count: 12 },
  { what: "backup", storage: "arctic", count: 12 },
  { what: "backup", storage: "postgres", count: 12 },
  ...["csv", "temp", "postgres", "arctic"].map((storage) => ({ what: "names" as const, storage, count: 30 })),
  { what: "configs", storage: "", count: 200 },
];

describe("hostile inputs", () => {
  test.each(samples)("$what of $storage: $count come to a value or a typed error", async (sample) => {
    const { wrong, tries } = await feed({ ...sample, seed });
    expect(wrong).toEqual([]);
    expect(tries).toBe(sample.count);
  });
});
