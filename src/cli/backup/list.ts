import type { BackupRecord } from "../../contracts/restorable-backup.ts";
import { serviceOf } from "../../factory/find-backup.ts";
import { parseFrame } from "../frame-name.ts";
import type { GlobalOptions } from "../options.ts";
import { printJson, printLines, say, sizeText, tableLines } from "../output.ts";
import { inSession } from "../session.ts";

/** Prints backups, newest first: of one frame, of a storage, or all. */
export function list(what: string | undefined, options: GlobalOptions): Promise<void> {
  const [storage, name] = what?.includes(":") ? parseFrame(what) : [what, undefined];
  return inSession(options, async ({ factory }) => {
    const found: BackupRecord[] = [];
    for (const type of storage === undefined ? factory.listDataBackup() : [storage]) {
      found.push(...(await serviceOf(factory, type).listBackups(name)));
    }
    if (options.json) return printJson(found.map(({ files, schema, ...record }) => record));
    if (found.length === 0) return say("There is no backup.", options);
    const rows = found.map((record) => [
      `${record.storage}:${record.source}@${record.sequence}`,
      record.created.toISOString(),
      String(record.rows),
      sizeText(record.bytes),
      record.proven ? `proven ${record.proven.toISOString()}` : "",
      record.location,
    ]);
    printLines(tableLines(["backup", "made", "rows", "size", "proof", "location"], rows, 200));
  });
}
