import { expect, test } from "vitest";
import { benchmarkDocuments } from "../../bench/harness/documents.ts";

test("README, docs/benchmarks.md and its chart say what the recorded results say; npm run docs writes them", async () => {
  for (const [path, { is, shouldBe }] of Object.entries(await benchmarkDocuments())) expect(is, path).toBe(shouldBe);
});
