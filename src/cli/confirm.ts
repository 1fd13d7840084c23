import { createInterface } from "node:readline/promises";
import { UsageError } from "./report-error.ts";

/**
 * Asks before something that can't be taken back. On a terminal the user answers; elsewhere `--yes` has to be given.
 *
 * @returns whether to go on.
 * @throws UsageError where nobody can be asked.
 */
export async function confirm(question: string, yes: boolean | undefined): Promise<boolean> {
  if (yes) return true;
  if (!process.stdin.isTTY || !process.stderr.isTTY) {
    throw new UsageError(question, "This can't be taken back, and nobody can be asked here.", "Add --yes to go on.");
  }
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return /^y(es)?$/i.test((await lines.question(`${question} [y/N] `)).trim());
  } finally {
    lines.close();
  }
}
