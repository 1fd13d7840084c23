import { inspect } from "node:util";
import type { BrokenCheck, BrokenSample, OnFail } from "../../contracts/check.ts";
import { type ErrorDetails, SchemaError } from "../../errors.ts";
import type { PlacedRule } from "./place.ts";

/** Rows that broke a check which stops the save. Nothing was saved. */
export class CheckError extends SchemaError {
  /** Every check that did not hold, also those that only warn. */
  readonly broken: readonly BrokenCheck[];

  constructor(broken: readonly BrokenCheck[], details: Pick<ErrorDetails, "storage" | "frame"> = {}) {
    const stopping = broken.filter(({ onFail }) => onFail === "stop");
    const [first] = stopping;
    const others =
      stopping.length > 1 ? ` And ${stopping.length - 1} more: ${stopping.slice(1).map(shortly).join("; ")}.` : "";
    super(`${first?.message ?? "A check does not hold."}${others}`, {
      ...details,
      code: "CHECK_FAILED",
      hint: 'Mend the rows where they come from, or put them aside with onFail: "quarantine".',
    });
    this.broken = broken;
  }
}

/** The error for checks that stop a save; null when none does. */
export function stopping(
  broken: readonly BrokenCheck[],
  details?: Pick<ErrorDetails, "storage" | "frame">,
): CheckError | null {
  return broken.some(({ onFail }) => onFail === "stop") ? new CheckError(broken, details) : null;
}

/** What rows broke, in one sentence. */
export function brokenRows(
  { name, column, test }: PlacedRule,
  onFail: OnFail,
  rows: number,
  total: number,
  samples: readonly (BrokenSample & { readonly reason?: string | undefined })[],
): BrokenCheck {
  const [first] = samples;
  const what =
    column !== undefined ? `Column "${column}"` : test.kind === "unique" ? columnList(test.columns) : "A row";
  const where = rows === 1 ? `in row ${first?.row}` : `in ${rows} of ${total} rows, first in row ${first?.row}`;
  const reason = first?.reason === undefined ? "" : `: ${first.reason}`;
  return {
    check: name,
    column,
    onFail,
    message: `${what} breaks ${name} ${where} (${showValue(first?.value)})${reason}.`,
    rows,
    samples: samples.map(({ row, value }) => ({ row, value })),
  };
}

/** What the whole frame broke. It can't be parted into good and bad rows, so nothing is put aside: it stops. */
export function brokenWhole({ name, column }: PlacedRule, onFail: OnFail, why: string): BrokenCheck {
  const message = `${column === undefined ? "The frame" : `Column "${column}"`} breaks ${name}: ${why}.`;
  return { check: name, column, onFail: onFail === "quarantine" ? "stop" : onFail, message, samples: [] };
}

/** A value in a few words. */
export function showValue(value: unknown): string {
  const text = inspect(value, {
    breakLength: Number.POSITIVE_INFINITY,
    maxStringLength: 80,
    maxArrayLength: 5,
    depth: 1,
  });
  return text.length > 200 ? `${text.slice(0, 200)}…` : text;
}

function shortly({ check, column, rows }: BrokenCheck): string {
  return `${column === undefined ? "" : `"${column}" `}${check}${rows === undefined ? "" : ` in ${rows} rows`}`;
}

function columnList(columns: readonly string[]): string {
  return `Columns ${columns.map((column) => `"${column}"`).join(", ")}`;
}
