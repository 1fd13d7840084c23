import type { DiffRow } from "../diff/result.ts";
import { countText } from "../show/text.ts";
import type { PipelinePlan, PlannedChange } from "./plan.ts";

/** A plan in lines, with five rows of each kind of change. */
export function planText({ pipeline, changes, unplanned, broken, error }: Omit<PipelinePlan, "text">): string {
  const lines = [`A run of ${pipeline} would`];
  if (changes.length === 0) lines.push("  change nothing.");
  for (const change of changes) lines.push(...changeLines(change));
  for (const { destination, message, onFail } of broken)
    lines.push(`  break a check of ${destination} (${onFail}): ${message}`);
  if (error) lines.push(`  fail: ${error.message}`);
  if (unplanned.length > 0)
    lines.push(`Not planned, since only a run of them shows what they do: ${unplanned.join(", ")}.`);
  return lines.join("\n");
}

function changeLines(change: PlannedChange): string[] {
  const { storage, destination, isNew, inserts, updates, deletes, unchanged, statements, diff, mode } = change;
  const what = isNew ? `make ${storage}:${destination}` : `${mode} ${storage}:${destination}`;
  const counts = [
    `${countText(inserts, "insert")}`,
    countText(updates, "update"),
    countText(deletes, "delete"),
    `${unchanged.toLocaleString("en-US")} unchanged`,
  ];
  return [
    `  ${what}: ${counts.join(", ")}`,
    ...statements.map(({ sql, reason }) => `    ${sql}; -- ${reason}`),
    ...diff.samples.added.map((row) => `    + ${rowText(row)}`),
    ...diff.samples.changed.map((row) => `    ~ ${JSON.stringify(row, plain)}`),
    ...diff.samples.removed.map((row) => `    - ${rowText(row)}`),
  ];
}

function rowText(row: DiffRow): string {
  return JSON.stringify(row, plain);
}

function plain(_: string, value: unknown): unknown {
  return typeof value === "bigint" ? String(value) : value;
}
