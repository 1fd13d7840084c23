import { ConfigError } from "../../errors.ts";
import { toNs } from "../duration.ts";
import { instantOf, instantText, later } from "./instant.ts";
import type { Range } from "./reader.ts";

const mostWindows = 20_000;

/** A backfill's range in windows, each of which is done or to be done on its own. The last one may be shorter. */
export function windowsOf(from: string, to: string, window: number | string): { name: string; range: Range }[] {
  const [first, end, length] = [instantOf(from, "from"), instantOf(to, "to"), toNs(window)];
  if (end.ns <= first.ns) throw new ConfigError(`The range from ${from} to ${to} is empty.`);
  if (length <= 0n || (end.ns - first.ns) / length > mostWindows) {
    throw new ConfigError(`The range from ${from} to ${to} has more than ${mostWindows} windows of ${window}.`, {
      hint: "Declare a longer `incremental.window`.",
    });
  }
  const windows: { name: string; range: Range }[] = [];
  for (let at = first; at.ns < end.ns; at = later(at, length)) {
    const next = later(at, length);
    const until = next.ns < end.ns ? next : end;
    windows.push({ name: `${instantText(at)}..${instantText(until)}`, range: { from: at, to: until } });
  }
  return windows;
}
