import { describe, expect, it } from "vitest";
import { checkPolicy, notKept } from "../../src/backups/retention.ts";
import type { BackupRecord, RetentionPolicy } from "../../src/contracts/restorable-backup.ts";
import { ConfigError } from "../../src/errors.ts";

const now = new Date("2026-01-10T00:00:00Z");
const dayMs = 86_400_000;

/** Newest first: the ages in days, with a `p` after one that is proven. Each has 10 bytes. */
const backups = (...ages: string[]): BackupRecord[] =>
  ages.map((age, index) => ({
    ...{ location: age, storage: "csv", source: "x", sequence: ages.length - index },
    ...{ by: "", rows: 0, bytes: 10, files: [], schema: { fields: [] } },
    created: new Date(now.getTime() - Number.parseFloat(age) * dayMs),
    ...(age.endsWith("p") && { proven: now }),
  }));
const removed = (records: BackupRecord[], policy: RetentionPolicy) =>
  notKept(records, policy, now).map(({ location }) => location);
const kept = (records: BackupRecord[], policy: RetentionPolicy) => {
  const gone = removed(records, policy);
  return records.map(({ location }) => location).filter((location) => !gone.includes(location));
};

describe("retention", () => {
  it("keeps the last so many", () => {
    expect(removed(backups("1", "2", "3"), { keepLast: 2 })).toEqual(["3"]);
    expect(removed(backups("1", "2", "3"), { keepLast: 5 })).toEqual([]);
  });

  it("keeps those that are younger than an age", () => {
    expect(removed(backups("1", "2", "3"), { maxAge: 2 * dayMs })).toEqual(["2", "3"]);
  });

  it("keeps the newest of each of the last days, weeks and months that have one", () => {
    const often = backups("0.1", "0.2", "1.1", "1.2", "4.1", "4.2", "9.1");
    expect(kept(often, { keepDaily: 3 })).toEqual(["0.1", "1.1", "4.1"]);
    // 2026-01-10 is a Saturday; its week began on the 5th.
    const weeks = backups("1", "4.9", "5.1", "8", "12.1", "30");
    expect(kept(weeks, { keepWeekly: 3 })).toEqual(["1", "5.1", "12.1"]);
    expect(kept(weeks, { keepMonthly: 2 })).toEqual(["1", "12.1"]);
    expect(kept(backups("1", "30", "31", "400"), { keepMonthly: 9 })).toEqual(["1", "30", "400"]);
  });

  it("keeps what any rule keeps", () => {
    expect(removed(backups("1", "2", "3", "4"), { keepLast: 3, maxAge: 2 * dayMs })).toEqual(["4"]);
    expect(removed(backups("1", "2", "3", "4"), { keepLast: 1, maxAge: 4 * dayMs })).toEqual(["4"]);
    expect(kept(backups("0.1", "0.2", "2", "40", "80"), { keepLast: 2, keepDaily: 1, keepMonthly: 3 })).toEqual([
      ...["0.1", "0.2", "40", "80"],
    ]);
  });

  it("keeps, of what the other rules keep, no more bytes than are allowed, and always the newest", () => {
    expect(kept(backups("1", "2", "3"), { maxBytes: 20 })).toEqual(["1", "2"]);
    expect(kept(backups("1", "2", "3"), { maxBytes: 5 })).toEqual(["1"]);
    expect(kept(backups("1", "2", "3", "4"), { keepLast: 3, maxBytes: 1_000 })).toEqual(["1", "2", "3"]);
    expect(kept(backups("1", "2", "3p"), { maxBytes: 20 })).toEqual(["1", "2", "3p"]);
  });

  it("never removes the only proven one, and of several the newest stays", () => {
    expect(removed(backups("1", "2", "3p"), { keepLast: 1 })).toEqual(["2"]);
    expect(removed(backups("1", "2p", "3p"), { keepLast: 1 })).toEqual(["3p"]);
    expect(removed(backups("1p", "2", "3p"), { keepLast: 1 })).toEqual(["2", "3p"]);
    expect(removed(backups("1", "2"), { keepLast: 0 })).toEqual(["1", "2"]);
    expect(kept(backups("1", "20", "40p"), { keepDaily: 1, maxBytes: 1 })).toEqual(["1", "40p"]);
  });

  it("takes a backup for no older than the one before it, so that a clock set back removes nothing too early", () => {
    expect(removed(backups("50", "1", "60"), { maxAge: 2 * dayMs })).toEqual(["60"]);
    expect(kept(backups("50", "1", "60"), { keepDaily: 1 })).toEqual(["50"]);
  });

  it("refuses a policy that says nothing, nonsense, or an unknown rule", () => {
    const wrong: object[] = [{}, { dryRun: true }, { keepLast: -1 }, { keepLast: 1.5 }, { maxAge: Number.NaN }];
    for (const policy of [...wrong, { keepDaily: "3" }, { maxBytes: -1 }, { keepLast: 3, keepYearly: 1 }]) {
      expect(() => checkPolicy(policy, "csv"), JSON.stringify(policy)).toThrow(ConfigError);
    }
    for (const policy of [{ keepLast: 0 }, { maxAge: 0 }, { keepMonthly: 1 }, { maxBytes: 0, dryRun: true }]) {
      checkPolicy(policy, "csv");
    }
  });
});
