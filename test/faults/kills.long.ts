import { describe, test } from "vitest";
import type { CrashReport, SaveKind } from "../../src/testing/index.ts";
import { killSavesOf, storageTypes } from "./kills.ts";
import { record } from "./report.ts";

/** Of each way to save, in each storage. */
const kills = Number(process.env.MILLRACE_KILLS ?? 125);

const kinds: readonly (readonly [kind: SaveKind, words: string])[] = [
  ["replace", "replace"],
  ["append", "append"],
  ["upsert", "upsert"],
  ["backup", "replace with backup"],
];

const each = kinds.flatMap(([kind, words]) => storageTypes.map((storage) => ({ storage, kind, words })));

const hours = 3_600_000;

describe("a process that is killed while it saves", () => {
  test.concurrent.each(each)(
    "leaves the old frame or the new one in $storage: $words",
    async ({ storage, kind, words }) => {
      const tell = (report: CrashReport, failures = 0) => {
        const found = `${report.old} times the old frame, ${report.new} the new one; ${report.steps.length} different steps`;
        return record({ fault: `kill -9 during ${words}`, storage, tries: report.kills, failures, found });
      };
      let last: CrashReport | undefined;
      const onProgress = async (report: CrashReport) => {
        last = report;
        if (report.kills % 25 === 0) await tell(report);
      };
      const killing = killSavesOf(storage, kills, { saves: [kind], rows: 500, onProgress });
      await killing.catch(async (cause: unknown) => {
        const message = cause instanceof Error ? cause.message : String(cause);
        console.error(`${storage}, ${words}: ${message}`);
        if (last) await tell(last, Number(/^(\d+) of/.exec(message)?.[1] ?? 1));
        throw cause;
      });
      if (last) await tell(last);
    },
    8 * hours,
  );
});
