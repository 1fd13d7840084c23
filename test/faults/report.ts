import { readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { withLock } from "../../src/system/lock.ts";

const page = join(import.meta.dirname, "../../docs/reliability.md");

/** One line of the table: what was done to a storage, how often, and how often a rule broke. */
export interface Outcome {
  readonly fault: string;
  readonly storage: string;
  readonly tries: number;
  readonly failures: number;
  /** What was found, in a few words. */
  readonly found: string;
}

const rule = "| --- | --- | --- | --- | --- |";

/** Writes an outcome into docs/reliability.md, in the place of the one of an earlier run. */
export async function record({ fault, storage, tries, failures, found }: Outcome): Promise<void> {
  const write = async () => {
    const lines = (await readFile(page, "utf8")).split("\n");
    const begin = lines.indexOf(rule) + 1;
    const end = lines.findIndex((line, at) => at >= begin && !line.startsWith("|"));
    const rows = new Map(lines.slice(begin, end).map((row) => [keyOf(row), row]));
    const row = `| ${fault} | ${storage} | ${tries.toLocaleString("en")} | ${failures} | ${found} |`;
    rows.set(keyOf(row), row);
    const sorted = [...rows].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, line]) => line);
    await writeFile(page, [...lines.slice(0, begin), ...sorted, ...lines.slice(end)].join("\n"));
  };
  await withLock(join(tmpdir(), "millrace-reliability.lock"), write, {
    timeoutMs: 60_000,
    what: "docs/reliability.md",
  });
}

function keyOf(row: string): string {
  return row.split("|").slice(1, 3).join("|");
}
