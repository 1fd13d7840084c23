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

const rule = "| --- | --- | --- | --- | --- | --- |";
const sums = "In all: ";

/** Writes an outcome into docs/reliability.md, in the place of the one of an earlier run. */
export async function record({ fault, storage, tries, failures, found }: Outcome): Promise<void> {
  const write = async () => {
    const lines = (await readFile(page, "utf8")).split("\n");
    const begin = lines.indexOf(rule) + 1;
    const end = lines.findIndex((line, at) => at >= begin && !line.startsWith("|"));
    const rows = new Map(lines.slice(begin, end).map((row) => [keyOf(row), row]));
    const day = new Date().toISOString().slice(0, 10);
    const row = `| ${fault} | ${storage} | ${tries.toLocaleString("en")} | ${failures} | ${found} | ${day} |`;
    rows.set(keyOf(row), row);
    const sorted = [...rows].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, line]) => line);
    const rest = lines.slice(end).map((line) => (line.startsWith(sums) ? sumsOf(sorted) : line));
    await writeFile(page, [...lines.slice(0, begin), ...sorted, ...rest].join("\n"));
  };
  await withLock(join(tmpdir(), "millrace-reliability.lock"), write, {
    timeoutMs: 60_000,
    what: "docs/reliability.md",
  });
}

function sumsOf(rows: readonly string[]): string {
  const sum = (column: number, begins: RegExp) =>
    rows
      .map((row) => row.split("|").map((cell) => cell.trim()))
      .filter(([, fault = ""]) => begins.test(fault))
      .reduce((all, cells) => all + Number(cells[column]?.replaceAll(",", "")), 0)
      .toLocaleString("en");
  const [tries, failures] = [3, 4];
  return `${sums}${sum(tries, /^kill -9/)} kills, ${sum(tries, /^(damaged|hostile|settings)/)} hostile inputs, ${sum(tries, /^(?!kill -9|damaged|hostile|settings)/)} other faults; ${sum(failures, /./)} failures.`;
}

function keyOf(row: string): string {
  return row.split("|").slice(1, 3).join("|");
}
