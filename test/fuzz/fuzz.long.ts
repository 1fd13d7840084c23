import { describe, expect, test } from "vitest";
import { record } from "../faults/report.ts";
import { type Fed, type FeedOptions, feed } from "./fuzz.ts";

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

/** Inputs of one process; after each of these the table says how far it came. */
const chunk = 1_000;
const hours = 3_600_000;

describe("hostile inputs", () => {
  test.each(inputs)(
    "$fault, $storage: $count come to a value or a typed error",
    async ({ fault, ...input }) => {
      const all = Math.ceil(input.count * share);
      const total: Fed = { tries: 0, counts: {}, wrong: [] };
      while (total.tries < all) {
        const part = await feed({ ...input, count: Math.min(chunk, all - total.tries), seed: seed + total.tries });
        if (part.wrong.length > 0) console.error(`seed ${seed + total.tries}, ${fault}, ${input.storage}:`, part.wrong);
        add(total, part);
        const found = Object.entries(total.counts).sort(([, a], [, b]) => b - a);
        await record({
          ...{ fault, storage: input.storage || "none", tries: total.tries, failures: total.wrong.length },
          found: found.map(([came, times]) => `${times.toLocaleString("en")} ${came}`).join(", "),
        });
      }
      expect(total.wrong).toEqual([]);
    },
    8 * hours,
  );
});

function add(total: Fed, { tries, counts, wrong }: Fed): void {
  total.tries += tries;
  total.wrong.push(...wrong);
  for (const [came, times] of Object.entries(counts)) total.counts[came] = (total.counts[came] ?? 0) + times;
}
