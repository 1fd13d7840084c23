import { inspect } from "node:util";
import { toText } from "../../frame/text-form.ts";
import type { DiffRow, FrameDiff } from "./result.ts";

/** A diff for people: counts, columns, and the sampled rows, each on a line of at most `width` characters. */
export function diffText(diff: FrameDiff, { width = 120 }: { readonly width?: number } = {}): string {
  const { columns, samples, changes } = diff;
  const how = diff.by === "key" ? `by ${diff.key.join(", ")}` : diff.by === "order" ? "row by row" : "in any order";
  if (diff.equal) return `Equal, ${how}: ${plural(diff.unchanged, "row")}.\n`;
  const lines = [
    `${plural(diff.oldRows, "row")} against ${diff.newRows}, ${how}: ${diff.added} added, ${diff.removed} removed, ${diff.changed} changed, ${diff.unchanged} unchanged.`,
    ...columns.added.map(({ name, type }) => `  column added    ${name}: ${type}`),
    ...columns.removed.map(({ name, type }) => `  column removed  ${name}: ${type}`),
    ...columns.retyped.map(
      (column) =>
        `  column retyped  ${column.name}: ${column.old} to ${column.new}${column.compared ? "" : ", values not compared"}`,
    ),
    ...(columns.reordered ? ["  columns in another order"] : []),
    ...Object.entries(changes).map(([name, rows]) => `  changed in ${name}: ${plural(rows, "row")}`),
    ...samples.added.map((row) => `+ ${shown(row)}`),
    ...samples.removed.map((row) => `- ${shown(row)}`),
    ...samples.changed.map(({ key, old, new: next }) => {
      const parts = Object.keys(next).map((name) => `${name}: ${value(old[name])} -> ${value(next[name])}`);
      return `~ ${shown(key)}  ${parts.join(", ")}`;
    }),
  ];
  return `${lines.map((line) => (line.length > width ? `${line.slice(0, width - 1)}…` : line)).join("\n")}\n`;
}

/** A diff as plain JSON: numbers that JSON can't hold exactly, times and bytes are texts. */
export function diffJson(diff: FrameDiff): unknown {
  return JSON.parse(JSON.stringify(diff, plain));
}

function plain(this: unknown, key: string, given: unknown): unknown {
  const own = typeof this === "object" && this !== null ? (this as Record<string, unknown>)[key] : given;
  if (typeof own === "bigint") return Number.isSafeInteger(Number(own)) ? Number(own) : String(own);
  if (typeof own === "number" && (!Number.isFinite(own) || Object.is(own, -0)))
    return Object.is(own, -0) ? "-0" : String(own);
  if (own instanceof Uint8Array) return toText({ kind: "binary" }, own);
  return given;
}

function shown(row: DiffRow): string {
  return Object.entries(row)
    .map(([name, cell]) => `${name}=${value(cell)}`)
    .join(" ");
}

function value(cell: unknown): string {
  if (cell instanceof Date) return cell.toISOString();
  if (typeof cell === "bigint") return String(cell);
  return inspect(cell, { breakLength: Number.POSITIVE_INFINITY, maxStringLength: 60, depth: 2 }).replace(
    /[\n\r]/g,
    " ",
  );
}

function plural(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? "" : "s"}`;
}
