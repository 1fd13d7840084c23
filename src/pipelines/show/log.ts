import type { Logger } from "../../contracts/logger.ts";
import type { RunEvent } from "../../contracts/run-event.ts";
import { spentText } from "../run/budget.ts";
import type { Listener } from "../run/events.ts";
import { countText, durationText } from "./text.ts";

/**
 * A run in the log: one line for its begin, for each step's end and for its own, and one for whatever went wrong. Each has the fields
 * `run`, `pipeline` and `step`. A live view shows what went well itself.
 */
export function logListener(logger: Logger, shown: "live" | "lines" | "none"): Listener {
  const live = shown === "live";
  const info: Logger["info"] = live ? logger.debug.bind(logger) : logger.info.bind(logger);
  const failure: Logger["error"] = live ? logger.debug.bind(logger) : logger.error.bind(logger);
  const stop: Logger["warn"] = live ? logger.debug.bind(logger) : logger.warn.bind(logger);
  const tellerOf = ({ state }: Ended) => (state === "done" ? info : state === "stopped" ? stop : failure);
  return (event) => {
    switch (event.type) {
      case "run-started":
        return info(
          { version: event.version },
          `${event.pipeline} ${event.resumed ? "goes on with" : "begins"} run ${event.run}.`,
        );
      case "source-retrying": {
        const { step, source, attempt, waitMs, error } = event;
        const text = `${nameOf(event)} failed at try ${attempt} and is tried again in ${durationText(waitMs)}: ${error.message}`;
        return logger.warn({ step, source, error }, text);
      }
      case "source-ended": {
        const { step, source, rows, bytes, durationMs, attempts, error, note } = event;
        // What is no more than its step is told by that.
        if (event.state === "failed" && source !== "*") {
          return logger.error(
            { step, source, attempts, ...(!live && { error }) },
            `${nameOf(event)} failed: ${error?.message}${hintOf(event)}`,
          );
        }
        return logger.debug(
          { step, source, rows, bytes, durationMs: Math.round(durationMs), note },
          `${nameOf(event)} is ${event.state}.`,
        );
      }
      case "checks-broken": {
        const { step, source, destination, broken, quarantined } = event;
        const what = broken.map(({ message }) => message).join(" ");
        const aside =
          quarantined > 0 ? ` ${countText(quarantined, "row")} put aside in ${destination}__quarantine.` : "";
        return logger.warn(
          { step, source, destination, quarantined, broken },
          `Checks of ${destination} are broken. ${what}${aside}`,
        );
      }
      case "step-ended":
        return tellerOf(event)(totals(event), stepLine(event));
      case "run-ended": {
        const { spent, over } = event;
        // The list shows a stopped step, not that the run can be gone on with.
        if (live && event.state === "stopped") logger.warn(runLine(event));
        else tellerOf(event)({ ...totals(event), spent }, runLine(event));
        if (over.length === 0) return;
        return logger.warn({ spent }, `${event.pipeline} did not keep its budget: ${over.join("; ")}. ${budgetHint}`);
      }
    }
  };
}

const budgetHint =
  "Fewer sources at once (concurrency) and steps that go batch by batch take less; docs/pipelines.md says how to start Node for a small budget.";

type Ended = Extract<RunEvent, { type: "step-ended" | "run-ended" }>;

function totals(event: Ended): object {
  const { rows, bytes, durationMs, error, state } = event;
  return {
    ...(event.type === "step-ended" && { step: event.step }),
    state,
    rows,
    bytes,
    durationMs: Math.round(durationMs),
    ...(error && { error }),
  };
}

function nameOf({ step, source }: { step: string; source: string }): string {
  return source === "*" ? step : `${step} of ${source}`;
}

function hintOf({ error }: { error: { hint?: string } | null }): string {
  return error?.hint === undefined ? "" : ` ${error.hint}`;
}

/** `calculate is done: 3,400 rows in 1.2 s.` */
export function stepLine(event: Extract<RunEvent, { type: "step-ended" }>): string {
  const { step, state, rows, durationMs, error } = event;
  const why = error ? `: ${error.message}` : `: ${countText(rows, "row")} in ${durationText(durationMs)}.`;
  return `${step} is ${state}${why}`;
}

export function runLine(event: Extract<RunEvent, { type: "run-ended" }>): string {
  const { pipeline, run, state, rows, durationMs, spent } = event;
  const took = `${countText(rows, "row")} in ${durationText(durationMs)}, ${spentText(spent)}`;
  const next = state === "stopped" ? " What was begun is undone; `resume` goes on with it." : "";
  return `${pipeline} is ${state}: ${took} (run ${run}).${next}`;
}
