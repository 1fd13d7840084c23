import type { Listener } from "../run/events.ts";
import { liveView } from "./live.ts";

/** How a run is shown: a view that is drawn anew, or the lines of the log alone. */
export type ShowMode = "live" | "lines" | "none";

/** Default: a live view where stderr is a terminal that a person may look at. */
export async function showListener(
  asked: ShowMode | undefined,
  steps: readonly string[],
): Promise<{ readonly listener: Listener; readonly mode: ShowMode } & AsyncDisposable> {
  const mode = asked ?? (process.stderr.isTTY && !process.env.CI ? "live" : "lines");
  if (mode !== "live") return { listener: () => {}, mode, async [Symbol.asyncDispose]() {} };
  return { mode, ...(await liveView(steps)) };
}
