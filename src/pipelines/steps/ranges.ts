import type { RunRequest } from "../../contracts/ledger.ts";
import { ConfigError } from "../../errors.ts";
import type { Incremental } from "../definition.ts";
import { instantOf } from "../incremental/instant.ts";
import type { Range } from "../incremental/reader.ts";
import { windowsOf } from "../incremental/windows.ts";

/** A source once, or, when a run fills a range, once for each window of it. */
export function backfillParts(
  { from, to }: RunRequest,
  rule: Incremental | undefined,
  source: string,
): { readonly name: string; readonly range: Range | undefined }[] {
  if (from === undefined && to === undefined) return [{ name: source, range: undefined }];
  if (!rule) {
    throw new ConfigError("A range can be filled by incremental steps only.", {
      hint: 'Declare the column of times: incremental: { cursor: "ts" }.',
    });
  }
  if (from === undefined || to === undefined) {
    const range = {
      from: from === undefined ? undefined : instantOf(from, "from"),
      to: to === undefined ? undefined : instantOf(to, "to"),
    };
    return [{ name: `${source}@${from ?? ""}..${to ?? ""}`, range }];
  }
  return windowsOf(from, to, rule.window ?? "1d").map(({ name, range }) => ({ name: `${source}@${name}`, range }));
}
