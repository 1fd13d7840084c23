import type { Step } from "./watch.ts";

/** The steps of the pipelines as a table of text lines. */
export function stepTable(pipelines: readonly { title: string; steps: readonly Step[] }[]): string[] {
  const lines = [["pipeline", "step", "rows", "time"]];
  for (const { title, steps } of pipelines) {
    for (const [index, { what, rows, ms }] of steps.entries()) {
      lines.push([index === 0 ? title : "", what, rows === null ? "" : String(rows), duration(ms)]);
    }
  }
  return aligned(lines, [2, 3]);
}

/** Lines of cells in columns; those in `right` end together. */
export function aligned(lines: readonly (readonly string[])[], right: readonly number[] = []): string[] {
  const widths = (lines[0] ?? []).map((_, column) => Math.max(...lines.map((cells) => cells[column]?.length ?? 0)));
  return lines.map((cells) =>
    cells
      .map((cell, column) =>
        right.includes(column) ? cell.padStart(widths[column] ?? 0) : cell.padEnd(widths[column] ?? 0),
      )
      .join("   ")
      .trimEnd(),
  );
}

export function duration(ms: number): string {
  return ms < 1_000 ? `${Math.round(ms)} ms` : `${(ms / 1_000).toFixed(1)} s`;
}
