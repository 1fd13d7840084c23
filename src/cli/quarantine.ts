import { putAsideIn } from "../pipelines/checks/put-aside.ts";
import type { GlobalOptions } from "./options.ts";
import { printJson, printLines, say, tableLines } from "./output.ts";
import { inSession } from "./session.ts";

/** Prints for which destinations rows were put aside, in one storage or in all, and why. */
export function listQuarantine(storage: string | undefined, options: GlobalOptions): Promise<void> {
  return inSession(options, async ({ factory, logger }) => {
    const asked = (storage === undefined ? factory.listDataSources() : [storage]).map((type) =>
      putAsideIn(factory, type).catch((error: unknown) => {
        if (storage !== undefined) throw error;
        logger.warn({ storage: type, err: error }, `${type} can't be listed`);
        return [];
      }),
    );
    const found = (await Promise.all(asked)).flat();
    if (options.json) {
      return printJson(
        found.map(({ storage, destination, rows, reasons }) => ({
          ...{ storage, destination, rows },
          reasons: reasons.map(([reason, count]) => ({ reason, rows: count })),
        })),
      );
    }
    if (found.length === 0) return say("No row is put aside.", options);
    const lines = found.map(({ storage, destination, rows, reasons }) => [
      `${storage}:${destination}`,
      String(rows),
      reasons.map(([reason, count]) => `${reason} (${count})`).join("; "),
    ]);
    printLines(tableLines(["destination", "rows", "reasons"], lines, 100));
  });
}
