import { expect, test } from "vitest";
import type { Schedule } from "../../../src/contracts/schedule.ts";
import { assertSchedule, lastTime, timesOf } from "../../../src/pipelines/schedule/times.ts";

function nextTimes(schedule: Schedule, after: string, count: number): string[] {
  const times = timesOf(schedule);
  const found: string[] = [];
  for (let at = Date.parse(after); found.length < count; ) {
    at = times.next(at) ?? Number.NaN;
    found.push(new Date(at).toISOString().slice(0, 16));
  }
  return found;
}

test("a daily time follows the zone's clock over both changes", () => {
  const close = { cron: "0 18 * * 1-5", zone: "America/New_York" };
  expect(nextTimes(close, "2024-03-08T00:00:00Z", 2)).toEqual(["2024-03-08T23:00", "2024-03-11T22:00"]);
  expect(nextTimes(close, "2024-11-01T00:00:00Z", 2)).toEqual(["2024-11-01T22:00", "2024-11-04T23:00"]);
});

test("a daily time that the clock leaves out is run once, and one that it shows twice is run once", () => {
  const early = { cron: "30 2 * * *", zone: "Europe/Berlin" };
  expect(nextTimes(early, "2024-03-30T00:00:00Z", 3)).toEqual([
    "2024-03-30T01:30",
    "2024-03-31T01:30",
    "2024-04-01T00:30",
  ]);
  expect(nextTimes(early, "2024-10-26T00:00:00Z", 3)).toEqual([
    "2024-10-26T00:30",
    "2024-10-27T00:30",
    "2024-10-28T01:30",
  ]);
});

test("an hourly time leaves out no hour and doubles none where clocks change", () => {
  const hourly = { cron: "0 * * * *", zone: "Europe/Berlin" };
  expect(nextTimes(hourly, "2024-03-30T23:30:00Z", 4)).toEqual([
    "2024-03-31T00:00",
    "2024-03-31T01:00",
    "2024-03-31T02:00",
    "2024-03-31T03:00",
  ]);
  expect(nextTimes(hourly, "2024-10-26T23:30:00Z", 4)).toEqual([
    "2024-10-27T00:00",
    "2024-10-27T01:00",
    "2024-10-27T02:00",
    "2024-10-27T03:00",
  ]);
  const half = { cron: "*/30 * * * *", zone: "Australia/Lord_Howe" };
  const times = nextTimes(half, "2024-04-06T13:00:00Z", 8).map((at) => Date.parse(`${at}Z`));
  expect(new Set(times.slice(1).map((at, index) => at - (times[index] ?? 0)))).toEqual(new Set([1_800_000]));
});

test("every time of a year of hours is an hour after the last, in zones of any kind", () => {
  for (const zone of ["Asia/Kathmandu", "Pacific/Apia", "America/Sao_Paulo", "Africa/Casablanca"]) {
    const times = timesOf({ cron: "15 * * * *", zone });
    let at = Date.parse("2024-01-01T00:00:00Z");
    at = times.next(at) ?? 0;
    for (let hour = 0; hour < 2_000; hour++) {
      const next = times.next(at) ?? 0;
      expect(next - at).toBe(3_600_000);
      at = next;
    }
  }
});

test("an interval is counted from 1970, so that it is the same after a restart", () => {
  expect(nextTimes({ every: "15m" }, "2024-01-01T10:07:00Z", 2)).toEqual(["2024-01-01T10:15", "2024-01-01T10:30"]);
  expect(nextTimes({ every: "1d" }, "2024-01-01T00:00:00Z", 1)).toEqual(["2024-01-02T00:00"]);
});

test("the last time before a moment is found at once, however long the pause", () => {
  const minutes = timesOf({ cron: "* * * * *", zone: "Europe/Berlin" });
  const at = (text: string) => Date.parse(text);
  expect(lastTime(minutes, at("2014-01-01T00:00Z"), at("2024-01-01T00:00:30Z"))).toBe(at("2024-01-01T00:00Z"));
  const yearly = timesOf({ cron: "0 0 29 2 *" });
  expect(lastTime(yearly, at("2019-01-01"), at("2023-12-31"))).toBe(at("2020-02-29"));
  expect(lastTime(yearly, at("2021-01-01"), at("2023-12-31"))).toBeNull();
});

test("a wrong schedule is refused with what is wrong", () => {
  expect(assertSchedule({ cron: "0 18 * * 1-5", zone: "America/New_York", catchUp: "skip" })).toEqual([]);
  expect(assertSchedule({ every: "90s" })).toEqual([]);
  expect(assertSchedule({ cron: "61 * * * *", zone: "Berlin", catchUp: "all", sometimes: 1 })).toEqual([
    "`schedule.sometimes` is unknown",
    "`schedule.catchUp` has to be once or skip",
    '`schedule.zone` is "Berlin", which is no time zone such as Europe/Berlin',
    '`schedule.cron` is "61 * * * *": Invalid value for minute: 61',
  ]);
  expect(assertSchedule({ cron: "0 0 31 2 *" })).toEqual(['`schedule.cron` is "0 0 31 2 *": there is no such day']);
  for (const wrong of [
    {},
    { cron: "* * * * *", every: "1m" },
    { every: "5ms" },
    { cron: "0 0 0 * * *" },
    "daily",
    { every: "1m", zone: "UTC" },
  ]) {
    expect(assertSchedule(wrong)).toHaveLength(1);
  }
});
