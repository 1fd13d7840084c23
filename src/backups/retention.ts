import type { BackupRecord, RetentionPolicy } from "../contracts/restorable-backup.ts";
import { ConfigError } from "../errors.ts";
import { effectiveTimes } from "./order.ts";

const counts = ["keepLast", "keepDaily", "keepWeekly", "keepMonthly"] as const;
const rules = [...counts, "maxAge", "maxBytes"] as const;

/** @throws ConfigError when no rule is given (which would mean: remove all), one is unknown, or one is no number. */
export function checkPolicy(policy: RetentionPolicy, storage: string): void {
  const known: readonly string[] = [...rules, "dryRun"];
  const wrong = [
    rules.every((rule) => policy[rule] === undefined) && `give at least one of ${rules.join(", ")}`,
    ...Object.keys(policy).map((rule) => !known.includes(rule) && `there is no rule ${rule}`),
    ...counts.map((rule) => !isWhole(policy[rule] ?? 0) && `${rule} is a whole number from 0 up`),
    !isWhole(policy.maxBytes ?? 0) && "maxBytes is a whole number of bytes from 0 up",
    !((policy.maxAge ?? 0) >= 0) && "maxAge is a number of milliseconds from 0 up",
  ].filter((text) => typeof text === "string");
  if (wrong.length > 0) throw new ConfigError(`The retention policy is wrong: ${wrong.join("; ")}.`, { storage });
}

/**
 * Those of one name's backups (newest first) that the policy does not keep. When that would be every proven one, the newest
 * proven one stays: it is the only backup known to come back.
 */
export function notKept<T extends BackupRecord>(backups: readonly T[], policy: RetentionPolicy, now: Date): T[] {
  const kept = withinBytes(keptByRules(backups, policy, now), policy.maxBytes);
  const newestProven = backups.find(({ proven }) => proven);
  if (newestProven && ![...kept].some(({ proven }) => proven)) kept.add(newestProven);
  return backups.filter((backup) => !kept.has(backup));
}

function keptByRules<T extends BackupRecord>(backups: readonly T[], policy: RetentionPolicy, now: Date): Set<T> {
  const { keepLast, maxAge, keepDaily, keepWeekly, keepMonthly } = policy;
  if ([keepLast, maxAge, keepDaily, keepWeekly, keepMonthly].every((rule) => rule === undefined)) {
    return new Set(backups);
  }
  const times = effectiveTimes(backups);
  const timeOf = (backup: T) => times.get(backup) ?? 0;
  const kept = new Set(backups.slice(0, keepLast ?? 0));
  if (maxAge !== undefined) {
    for (const backup of backups) if (now.getTime() - timeOf(backup) < maxAge) kept.add(backup);
  }
  for (const [count = 0, periodOf] of [
    [keepDaily, day],
    [keepWeekly, week],
    [keepMonthly, month],
  ] as const) {
    const periods = new Map<string | number, T>();
    for (const backup of backups) {
      const period = periodOf(timeOf(backup));
      if (!periods.has(period)) periods.set(period, backup);
    }
    for (const backup of [...periods.values()].slice(0, count)) kept.add(backup);
  }
  return kept;
}

/** From the newest on, as many as the bytes allow; the newest also when it is larger than that. */
function withinBytes<T extends BackupRecord>(kept: Set<T>, maxBytes = Number.POSITIVE_INFINITY): Set<T> {
  const within = new Set<T>();
  let bytes = 0;
  for (const backup of kept) {
    bytes += backup.bytes;
    if (within.size > 0 && bytes > maxBytes) break;
    within.add(backup);
  }
  return within;
}

const dayMs = 86_400_000;

function day(time: number): number {
  return Math.floor(time / dayMs);
}

/** Weeks begin on Monday; 1970 began on a Thursday. */
function week(time: number): number {
  return Math.floor((day(time) + 3) / 7);
}

function month(time: number): string {
  return new Date(time).toISOString().slice(0, 7);
}

function isWhole(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0;
}
