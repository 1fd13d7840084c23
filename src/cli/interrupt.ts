import type { GlobalOptions } from "./options.ts";
import { say } from "./output.ts";
import { exitCodes } from "./report-error.ts";

/** Work that Ctrl-C or SIGTERM ends cleanly: what it was about to save is undone, and the exit code says that it was ended. */
export async function interruptible(
  options: GlobalOptions,
  work: (signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const ending = new AbortController();
  const end = () => {
    say("Ending: what was begun is undone.", options);
    ending.abort(new Error("It was ended by Ctrl-C."));
  };
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, end);
  try {
    await work(ending.signal);
  } catch (cause) {
    if (cause !== ending.signal.reason) throw cause;
    process.exitCode = exitCodes.interrupted;
  } finally {
    for (const signal of ["SIGINT", "SIGTERM"] as const) process.off(signal, end);
  }
}
