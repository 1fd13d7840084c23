import type { Result } from "./harness.ts";

const columns: readonly [title: string, cell: (result: Result) => string][] = [
  ["group", (result) => result.group],
  ["case", (result) => result.name],
  ["median", (result) => `${result.medianMs.toFixed(0)} ms`],
  ["min", (result) => result.minMs.toFixed(0)],
  ["max", (result) => result.maxMs.toFixed(0)],
  ["ratio", (result) => result.ratio.toFixed(2)],
  ["peak", (result) => `${result.peakMb.toFixed(0)} MB`],
  ["block", (result) => (result.blockMs > 0 ? `${result.blockMs.toFixed(0)} ms` : "-")],
];

/** The results as a table in Markdown, numbers to the right. */
export function table(results: readonly Result[]): string {
  const lines = [columns.map(([title]) => title), ...results.map((result) => columns.map(([, cell]) => cell(result)))];
  const widths = columns.map((_, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0)));
  const isText = (column: number) => column < 2;
  const format = (line: readonly string[]) => {
    const cells = line.map((cell, column) => {
      const width = widths[column] ?? 0;
      return isText(column) ? cell.padEnd(width) : cell.padStart(width);
    });
    return `| ${cells.join(" | ")} |`;
  };
  const rule = widths.map((width, column) => (isText(column) ? "-".repeat(width) : `${"-".repeat(width - 1)}:`));
  return [format(lines[0] ?? []), format(rule), ...lines.slice(1).map(format)].join("\n");
}
