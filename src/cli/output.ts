import { styleText } from "node:util";
import { exactJson } from "../frame/exact-json.ts";
import { visibleText } from "../system/visible-text.ts";
import type { GlobalOptions } from "./options.ts";

/** Prints a result as one JSON document. Whole numbers too large for JSON, NaN and infinities become text. */
export function printJson(result: unknown): void {
  process.stdout.write(`${JSON.stringify(result, exactJson, 2)}\n`);
}

/** Prints lines of a result. */
export function printLines(lines: readonly string[]): void {
  if (lines.length > 0) process.stdout.write(`${lines.join("\n")}\n`);
}

/** Says something that is no result. */
export function say(message: string, { quiet }: Pick<GlobalOptions, "quiet">): void {
  if (!quiet) process.stderr.write(`${message}\n`);
}

/** Lines of a table with a heading and aligned columns. Control characters in a cell are shown escaped, long cells are cut. */
export function tableLines(heading: readonly string[], rows: readonly (readonly string[])[], widest = 40): string[] {
  const cells = [heading, ...rows].map((row) => row.map((cell) => fit(cell, widest)));
  const widths = heading.map((_, column) => Math.max(...cells.map((row) => [...(row[column] ?? "")].length)));
  const lines = cells.map((row) =>
    widths
      .map((width, column) => padded(row[column] ?? "", width))
      .join("  ")
      .trimEnd(),
  );
  const [first = "", ...rest] = lines;
  return [styleText("bold", first, { stream: process.stdout }), ...rest];
}

/** A number of bytes for people. */
export function sizeText(bytes: number): string {
  const units = ["B", "KB", "MB", "GB", "TB"];
  const power = bytes < 1 ? 0 : Math.min(units.length - 1, Math.floor(Math.log(bytes) / Math.log(1000)));
  const value = bytes / 1000 ** power;
  return `${power === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${units[power]}`;
}

function fit(cell: string, widest: number): string {
  const visible = visibleText(cell);
  const letters = [...visible];
  return letters.length > widest ? `${letters.slice(0, widest - 1).join("")}…` : visible;
}

function padded(cell: string, width: number): string {
  return cell + " ".repeat(width - [...cell].length);
}
