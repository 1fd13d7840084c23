import { Cron } from "croner";
import { duration } from "../../config/values.ts";
import type { Schedule } from "../../contracts/schedule.ts";
import { ConfigError } from "../../errors.ts";
import { isZoneName, offsetAt } from "../../frame/zones.ts";

/** The times of a schedule, as milliseconds since 1970. */
export interface Times {
  /** The first one after; null when there is none, as for 31 February. */
  next(after: number): number | null;
}

/** Everything that is wrong with a schedule, one sentence each; none when it is right. */
export function assertSchedule(schedule: unknown): string[] {
  if (typeof schedule !== "object" || schedule === null) {
    return ['`schedule` has to be { cron: "0 18 * * 1-5", zone: "America/New_York" } or { every: "15m" }'];
  }
  const { cron, every, zone, catchUp, ...others } = schedule as Record<string, unknown>;
  const faults = Object.keys(others).map((name) => `\`schedule.${name}\` is unknown`);
  if (catchUp !== undefined && catchUp !== "once" && catchUp !== "skip")
    faults.push("`schedule.catchUp` has to be once or skip");
  if (zone !== undefined && !(typeof zone === "string" && isZoneName(zone))) {
    faults.push(`\`schedule.zone\` is ${JSON.stringify(zone)}, which is no time zone such as Europe/Berlin`);
  }
  if ((cron === undefined) === (every === undefined)) faults.push("`schedule` needs either `cron` or `every`");
  if (cron !== undefined) faults.push(...cronFaults(cron));
  if (every !== undefined) {
    const { data } = duration.safeParse(every);
    if (data === undefined || data < 1_000)
      faults.push("`schedule.every` has to be a duration of at least 1s, such as 15m");
    if (zone !== undefined) faults.push("`schedule.zone` belongs to `cron`; `every` is counted in UTC");
  }
  return faults;
}

function cronFaults(cron: unknown): string[] {
  const wrong = (why: string) => [`\`schedule.cron\` is ${JSON.stringify(cron)}: ${why}`];
  if (typeof cron !== "string") return wrong("it has to be a text of five fields");
  try {
    if (new Cron(cron, { ...plain, utcOffset: 0 }).nextRun(new Date(0)) !== null) return [];
    return wrong("there is no such day");
  } catch (cause) {
    return wrong((cause as Error).message.replace(/^Cron\w+: /, "").replace(/\.$/, ""));
  }
}

const plain = { paused: true, mode: "5-part" } as const;

/** @throws ConfigError for a wrong schedule. */
export function timesOf(schedule: Schedule): Times {
  const faults = assertSchedule(schedule);
  if (faults.length > 0) throw new ConfigError(`The schedule is wrong: ${faults.join("; ")}.`);
  if (schedule.cron === undefined) {
    const every = duration.parse(schedule.every);
    return { next: (after) => (Math.floor(after / every) + 1) * every };
  }
  const { cron, zone = "UTC" } = schedule;
  if (zone === "UTC") return fixedTimes(cron, 0);
  const hour = cron.trim().split(/\s+/)[1] ?? "";
  return hour.startsWith("*") ? elapsedTimes(cron, zone) : clockTimes(cron, zone);
}

function fixedTimes(cron: string, utcOffset: number): Times {
  const pattern = new Cron(cron, { ...plain, utcOffset });
  return { next: (after) => pattern.nextRun(new Date(after))?.getTime() ?? null };
}

/**
 * Times of an hour that is named, once for each day: where clocks are set forward over it, as much later as they are set; where
 * they are set back, the first of the two.
 */
function clockTimes(cron: string, zone: string): Times {
  const pattern = new Cron(cron, { ...plain, timezone: zone });
  return {
    next(after) {
      let from = after;
      let next = pattern.nextRun(new Date(from))?.getTime() ?? null;
      // A time that a change of clocks moved can come out again for a moment that lies in the change.
      for (; next !== null && next <= after; next = pattern.nextRun(new Date(from))?.getTime() ?? null) from += 60_000;
      return next;
    },
  };
}

/**
 * Times of every hour, by the time that passes: none is left out and none doubled where clocks change. Each stretch between two
 * changes has its own distance from UTC.
 */
function elapsedTimes(cron: string, zone: string): Times {
  const stretches = new Map<number, Times>();
  const minutesAt = (ms: number) => Math.round(Number(offsetAt(zone, BigInt(ms) * 1_000_000n) / 1_000_000n) / 60_000);
  const stretch = (minutes: number) => {
    const known = stretches.get(minutes) ?? fixedTimes(cron, minutes);
    stretches.set(minutes, known);
    return known;
  };
  return {
    next(after) {
      for (let from = after; ; ) {
        const minutes = minutesAt(from);
        const next = stretch(minutes).next(from);
        if (next === null || minutesAt(next) === minutes) return next;
        // The clock changes before: on from the moment before that change, with the distance behind it.
        const change = firstChange(from, next, (ms) => minutesAt(ms) !== minutes);
        const behind = stretch(minutesAt(change)).next(change - 1);
        if (behind === null || minutesAt(behind) === minutesAt(change)) return behind;
        from = behind;
      }
    },
  };
}

/** The first millisecond after `low` for which it is true; it is for `high`. */
function firstChange(low: number, high: number, isBehind: (ms: number) => boolean): number {
  let [before, behind] = [low, high];
  while (behind - before > 1) {
    const middle = Math.floor((before + behind) / 2);
    if (isBehind(middle)) behind = middle;
    else before = middle;
  }
  return behind;
}

/** The last time in `after < time <= until`; null when there is none. It looks back in growing steps, so a long pause costs little. */
export function lastTime(times: Times, after: number, until: number): number | null {
  for (let span = 3_600_000; ; span *= 8) {
    const from = Math.max(after, until - span);
    let found: number | null = null;
    for (let next = times.next(from); next !== null && next <= until; next = times.next(next)) found = next;
    if (found !== null || from <= after) return found;
  }
}
