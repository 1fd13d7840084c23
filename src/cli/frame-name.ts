import { UsageError } from "./report-error.ts";

/** What `storage:name` names. @throws UsageError */
export function parseFrame(frame: string): [storage: string, name: string] {
  const colon = frame.indexOf(":");
  if (colon > 0 && colon < frame.length - 1) return [frame.slice(0, colon), frame.slice(colon + 1)];
  throw new UsageError(
    `"${frame}" is not the name of a frame.`,
    `A frame is named with its storage, as storage:name, such as csv:${/^[\w.-]+$/.test(frame) ? frame : "prices"}.`,
    "See `millrace list` for those that are there.",
  );
}
