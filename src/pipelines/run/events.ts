import type { Logger } from "../../contracts/logger.ts";
import type { RunEvent } from "../../contracts/run-event.ts";

/** Somebody who is told what happens in a run. */
export type Listener = (event: RunEvent) => void;

/** Tells every listener. One that throws is told of in the log and changes nothing. */
export function teller(listeners: readonly Listener[], logger: Logger): Listener {
  return (event) => {
    for (const listener of listeners) {
      try {
        listener(event);
      } catch (cause) {
        logger.warn({ err: cause }, `A listener for events of ${event.pipeline} failed.`);
      }
    }
  };
}

/** A logger whose lines carry more fields. */
export function withFields(logger: Logger, fields: Record<string, unknown>): Logger {
  if ("child" in logger && typeof logger.child === "function") return logger.child(fields) as Logger;
  const method = (name: keyof Logger) => (first: object | string, message?: string) => {
    if (typeof first === "string") logger[name](fields, first);
    else logger[name]({ ...fields, ...first }, message ?? "");
  };
  return {
    debug: method("debug") as Logger["debug"],
    info: method("info") as Logger["info"],
    warn: method("warn") as Logger["warn"],
    error: method("error") as Logger["error"],
  };
}
