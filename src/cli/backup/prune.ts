import type { RetentionPolicy } from "../../contracts/restorable-backup.ts";
import { serviceOf } from "../../factory/find-backup.ts";
import { confirm } from "../confirm.ts";
import type { GlobalOptions } from "../options.ts";
import { printJson, printLines, say } from "../output.ts";
import { UsageError } from "../report-error.ts";
import { inSession } from "../session.ts";

/** Removes the backups of a storage that the rules do not keep, after asking, and prints which. */
export function prune(
  storage: string,
  { yes, ...policy }: RetentionPolicy & { yes?: boolean },
  options: GlobalOptions,
): Promise<void> {
  const { dryRun: _, ...rules } = policy;
  if (Object.keys(rules).length === 0) {
    throw new UsageError(
      "No rule says which backups to keep.",
      "Without one there would be nothing to tell which may go.",
      "Give one or several, such as --keep-last 10 or --max-age 30d; --dry-run shows what would go.",
    );
  }
  return inSession(options, async ({ factory }) => {
    const service = serviceOf(factory, storage);
    const doomed = await service.pruneBackups({ ...policy, dryRun: true });
    const sure =
      policy.dryRun === true ||
      doomed.length === 0 ||
      (await confirm(`Remove ${doomed.length} backup${doomed.length === 1 ? "" : "s"} of ${storage}?`, yes));
    if (!sure) return say("Nothing was removed.", options);
    const removed = policy.dryRun ? doomed : await service.pruneBackups(policy);
    if (options.json) return printJson(removed.map(({ location }) => location));
    printLines(removed.map(({ location }) => location));
    say(`${removed.length} ${policy.dryRun ? "would be removed" : "removed"}.`, options);
  });
}
