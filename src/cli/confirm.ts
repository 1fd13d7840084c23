import { createInterface } from "node:readline/promises";
import { exitCodes, UsageError } from "./report-error.ts";

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
  return /^y(es)?$/i.test((await ask(`${question} [y/N] `)) ?? "");
}

/** What the user answers; undefined after Ctrl-C or the end of the input, which the exit code then tells. */
export async function ask(question: string): Promise<string | undefined> {
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  const left = new AbortController();
  lines.once("SIGINT", () => left.abort()).once("close", () => left.abort());
  try {
    return (await lines.question(question, { signal: left.signal })).trim();
  } catch (cause) {
    if (!left.signal.aborted) throw cause;
    process.stderr.write("\n");
    process.exitCode = exitCodes.interrupted;
    return undefined;
  } finally {
    lines.close();
  }
}
