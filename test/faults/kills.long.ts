import { describe, expect, test } from "vitest";
import type { SaveKind } from "../../src/testing/index.ts";
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

describe("a process that is killed while it saves", () => {
  test.concurrent.each(each)(
    "leaves the old frame or the new one in $storage: $words",
    async ({ storage, kind, words }) => {
      const outcome = await killSavesOf(storage, kills, { saves: [kind], rows: 500 }).then(
        (report) => ({
          failures: 0,
          found: `${report.old} times the old frame, ${report.new} the new one; ${report.steps.length} different steps`,
        }),
        (cause: unknown) => {
          const message = cause instanceof Error ? cause.message : String(cause);
          console.error(`${storage}, ${words}: ${message}`);
          return { failures: Number(/^(\d+) of/.exec(message)?.[1] ?? 1), found: "see the log" };
        },
      );
      await record({ fault: `kill -9 during ${words}`, storage, tries: kills, ...outcome });
      expect(outcome.failures).toBe(0);
    },
  );
});
