import { transfer } from "../pipelines/transfer.ts";
import { interruptible } from "./interrupt.ts";
import type { GlobalOptions } from "./options.ts";
import { printJson, say } from "./output.ts";
import { UsageError } from "./report-error.ts";
import { inSession } from "./session.ts";
import { rowsTicker } from "./ticker.ts";

export interface CopyArguments {
  readonly mode?: string;
  readonly key?: string;
  readonly verify?: boolean;
}

const modes = ["replace", "append", "upsert"] as const;

/** Copies a frame to one or several storages, and says how many rows. Ctrl-C undoes it. */
export function copy(from: string, to: readonly string[], given: CopyArguments, options: GlobalOptions): Promise<void> {
  const mode = modes.find((each) => each === (given.mode ?? "replace"));
  if (!mode) throw UsageError.unknown("mode", given.mode ?? "", modes, ["copy"]);
  if (given.verify && mode !== "replace") {
    throw new UsageError(
      "--verify compares whole frames.",
      `With ${mode} other rows stand there as well.`,
      "Leave one of both out.",
    );
  }
  const key = given.key?.split(",").map((column) => column.trim()) as [string, ...string[]] | undefined;
  const work = (signal: AbortSignal) =>
    inSession(options, async ({ factory }) => {
      using ticker = rowsTicker(`Copying ${from}`, options);
      const copied = await transfer(factory, from, to, {
        mode,
        key,
        verify: given.verify,
        signal,
        onRows: ticker.tick,
      });
      ticker[Symbol.dispose]();
      if (options.json) return printJson({ from, ...copied, verified: given.verify === true });
      const equal = given.verify ? ", and they are equal" : "";
      say(`Copied ${copied.rows} rows of ${from} to ${copied.to.join(", ")}${equal}.`, options);
    });
  return interruptible(options, work);
}
