import { describe, expect, test } from "vitest";
import { killSavesOf, storageTypes } from "./kills.ts";
import { record } from "./report.ts";

const kills = Number(process.env.MILLRACE_KILLS ?? 500);

describe("processes that are killed while they save", () => {
  test.concurrent.each(storageTypes)("leave the old frame or the new one, and nothing else, in %s", async (storage) => {
    const outcome = await killSavesOf(storage, kills).then(
      (report) => ({
        failures: 0,
        found: `${report.old} times the old frame, ${report.new} times the new one; ${report.steps.length} different steps`,
      }),
      (cause: unknown) => {
        const message = cause instanceof Error ? cause.message : String(cause);
        console.error(message);
        return { failures: Number(/^(\d+) of/.exec(message)?.[1] ?? 1), found: "see the log" };
      },
    );
    await record({ fault: "kill -9 during a save", storage, tries: kills, ...outcome });
    expect(outcome.failures).toBe(0);
  });
});
