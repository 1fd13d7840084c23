import { describe, expect, it } from "vitest";
import { checkPolicy, notKept } from "../../src/backups/retention.ts";
import type { BackupRecord } from "../../src/contracts/restorable-backup.ts";
import { ConfigError } from "../../src/errors.ts";

const now = new Date("2026-01-10T00:00:00Z");
const day = 86_400_000;

/** Newest first: the ages in days, with a `p` after one that is proven. */
const backups = (...ages: string[]): BackupRecord[] =>
  ages.map((age, index) => ({
    ...{
      location: age,
      storage: "csv",
      source: "x",
      sequence: ages.length - index,
      by: "",
      rows: 0,
      bytes: 0,
      files: [],
    },
    schema: { fields: [] },
    created: new Date(now.getTime() - Number.parseInt(age, 10) * day),
    ...(age.endsWith("p") && { proven: now }),
  }));
const removed = (records: BackupRecord[], policy: Parameters<typeof notKept>[1]) =>
  notKept(records, policy, now).map(({ location }) => location);

describe("retention", () => {
  it("keeps the last so many", () => {
    expect(removed(backups("1", "2", "3"), { keepLast: 2 })).toEqual(["3"]);
    expect(removed(backups("1", "2", "3"), { keepLast: 5 })).toEqual([]);
  });

  it("keeps those that are younger than an age", () => {
    expect(removed(backups("1", "2", "3"), { maxAge: 2 * day })).toEqual(["2", "3"]);
  });

  it("keeps what either rule keeps", () => {
    expect(removed(backups("1", "2", "3", "4"), { keepLast: 3, maxAge: 2 * day })).toEqual(["4"]);
    expect(removed(backups("1", "2", "3", "4"), { keepLast: 1, maxAge: 4 * day })).toEqual(["4"]);
  });

  it("never removes the only proven one, and of several the newest stays", () => {
    expect(removed(backups("1", "2", "3p"), { keepLast: 1 })).toEqual(["2"]);
    expect(removed(backups("1", "2p", "3p"), { keepLast: 1 })).toEqual(["3p"]);
    expect(removed(backups("1p", "2", "3p"), { keepLast: 1 })).toEqual(["2", "3p"]);
    expect(removed(backups("1", "2"), { keepLast: 0 })).toEqual(["1", "2"]);
  });

  it("refuses a policy that says nothing, or nonsense", () => {
    for (const policy of [{}, { dryRun: true }, { keepLast: -1 }, { keepLast: 1.5 }, { maxAge: Number.NaN }]) {
      expect(() => checkPolicy(policy, "csv")).toThrow(ConfigError);
    }
    checkPolicy({ keepLast: 0 }, "csv");
    checkPolicy({ maxAge: 0 }, "csv");
  });
});
