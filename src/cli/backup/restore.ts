import { findBackup, serviceOf } from "../../factory/find-backup.ts";
import { confirm } from "../confirm.ts";
import { parseFrame } from "../frame-name.ts";
import type { GlobalOptions } from "../options.ts";
import { printJson, say } from "../output.ts";
import { inSession } from "../session.ts";

/** Brings a backup back under its own name or another one, also of another storage. What stands there is backed up first. */
export function restore(
  backup: string,
  { as, yes }: { as?: string; yes?: boolean },
  options: GlobalOptions,
): Promise<void> {
  return inSession(options, async ({ factory }) => {
    const { record } = await findBackup(factory, backup);
    const [storage, name] = as === undefined ? [record.storage, record.source] : parseFrame(as);
    const { location, created } = record;
    const question = `Put ${record.rows} rows of ${created.toISOString()} in place of ${storage}:${name}? What stands there is backed up first.`;
    if (!(await confirm(question, yes))) return say("Nothing was restored.", options);
    await serviceOf(factory, storage).restoreData(location, as === undefined ? undefined : name);
    if (options.json) return printJson({ restored: { storage, name, rows: record.rows, location } });
    say(`Restored ${storage}:${name}.`, options);
  });
}
