import type { Checks } from "../../contracts/check.ts";
import { requireBatches } from "../../frame/batches.ts";
import type { DataFrame } from "../../frame/polars.ts";
import { type BadRows, Checker, type CheckOptions, type CheckReport } from "./checker.ts";

/** What checks found in a frame. */
export interface Evaluated extends CheckReport {
  /** All rows but those that are put aside. */
  readonly good: DataFrame;
  /** Rows that are to be put aside; null when there are none. */
  readonly bad: BadRows | null;
}

/** Checks a frame. Throws nothing for rows that break a check: `stop` is the error for those that stop a save. */
export async function evaluateChecks(rows: DataFrame, checks: Checks, options: CheckOptions = {}): Promise<Evaluated> {
  await using checker = new Checker(checks, options);
  const parted = await checker.take(rows, { last: true });
  return { ...parted, ...(await checker.finish()) };
}

/** Where rows in batches leave what they broke. */
export interface BatchChecks extends CheckOptions {
  /** Gets the rows of a batch that are put aside, before the good ones of that batch go on. */
  readonly onBad?: (bad: BadRows) => Promise<void>;
  /** Gets what all batches together broke, at their end. */
  readonly onReport?: (report: CheckReport) => void;
}

/**
 * The good rows of batches. At their end it throws when a check stops the save, so that a saver, which saves all or nothing, saves
 * nothing. What is put aside before is therefore to be kept only when the save is done.
 *
 * @throws CheckError
 */
export async function* checkBatches(
  batches: AsyncIterable<DataFrame>,
  checks: Checks,
  options: BatchChecks = {},
): AsyncGenerator<DataFrame, void, undefined> {
  await using checker = new Checker(checks, options);
  for await (const batch of requireBatches(batches)) {
    const { good, bad } = await checker.take(batch);
    if (bad) await options.onBad?.(bad);
    yield good;
  }
  const report = await checker.finish();
  options.onReport?.(report);
  if (report.stop) throw report.stop;
}
