import { describe, expect, test } from "vitest";
import { record } from "../faults/report.ts";
import { type FeedOptions, feed } from "./fuzz.ts";

const share = Number(process.env.MILLRACE_FUZZ ?? 1);
const seed = Date.now() % 2 ** 31;
const storages = ["csv", "temp", "postgres", "arctic"];
const inputs: (Omit<FeedOptions, "seed"> & { fault: string })[] = [
  { fault: "damaged CSV files", what: "csv", storage: "csv", count: 10_000 },
  { fault: "damaged Arrow files", what: "arrow", storage: "temp", count: 1_200 },
  { fault: "damaged backups", what: "backup", storage: "csv", count: 2_000 },
  { fault: "damaged backups", what: "backup", storage: "arctic", count: 1_000 },
  { fault: "damaged backups", what: "backup", storage: "postgres", count: 1_000 },
  ...storages.map((storage) => ({ fault: "hostile names", what: "names" as const, storage, count: 10_000 })),
  { fault: "settings of any kind", what: "configs", storage: "", count: 10_000 },
];

describe("hostile inputs", () => {
  test.each(inputs)("$fault, $storage: $count come to a value or a typed error", async ({ fault, ...input }) => {
    const tries = Math.ceil(input.count * share);
    const { wrong, counts } = await feed({ ...input, count: tries, seed });
    if (wrong.length > 0) console.error(`seed ${seed}, ${fault}, ${input.storage}:\n${wrong.slice(0, 20).join("\n")}`);
    const found = Object.entries(counts).sort(([, a], [, b]) => b - a);
    await record({
      fault,
      storage: input.storage || "none",
      tries,
      failures: wrong.length,
      found: found.map(([came, times]) => `${times.toLocaleString("en")} ${came}`).join(", "),
    });
    expect(wrong).toEqual([]);
  });
});
