import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { chart } from "./chart.ts";
import { recordedAreas } from "./record.ts";
import { readmeTable, report } from "./report.ts";

const root = join(import.meta.dirname, "../..");
const opening = "<!-- benchmarks, written by scripts from bench/results: from here -->";
const closing = "<!-- benchmarks: to here -->";

/** What is written from bench/results, by path: as it is, and as it should be. */
export async function benchmarkDocuments(): Promise<Record<string, { is: string; shouldBe: string }>> {
  const read = (path: string) => readFile(join(root, path), "utf8").catch(() => "");
  const records = recordedAreas();
  const readme = await read("README.md");
  const [before, rest] = readme.split(opening);
  const after = rest?.split(closing)[1];
  if (after === undefined) throw new Error("README.md lacks the marks of the benchmarks.");
  return {
    "docs/benchmarks.md": { is: await read("docs/benchmarks.md"), shouldBe: report(records) },
    "docs/images/benchmarks.svg": { is: await read("docs/images/benchmarks.svg"), shouldBe: chart(records) },
    "README.md": { is: readme, shouldBe: `${before}${opening}\n\n${readmeTable(records)}\n\n${closing}${after}` },
  };
}

export async function writeBenchmarkDocuments(): Promise<void> {
  for (const [path, { shouldBe }] of Object.entries(await benchmarkDocuments()))
    await writeFile(join(root, path), shouldBe);
}
