import type { Data } from "apache-arrow";
import { floorDiv } from "./iso.ts";
import { clockText, dayText, fractionText } from "./iso-format.ts";
import type { TimeUnit } from "./types.ts";

/** What a Date reaches, in milliseconds to either side of 1970. */
const dateReach = 8_640_000_000_000_000;
const half = 4_294_967_296;
const unitsPerSecond = { ms: 1_000, us: 1_000_000, ns: 1_000_000_000 } as const;

/** Datetimes as Dates, texts, or beyond a Date's reach as bigints. Safe integers are read without a bigint, by their halves. */
export function datetimeReader(data: Data, unit: TimeUnit, zone: string | null): (row: number) => unknown {
  const ticks: BigInt64Array = data.values;
  const halves = new Int32Array(ticks.buffer, ticks.byteOffset, ticks.length * 2);
  const perSecond = unitsPerSecond[unit];
  const suffix = zone === null ? "" : "Z";
  const none = fractionText(0, perSecond) + suffix;
  const text = (seconds: number, part: number): string => {
    const day = Math.floor(seconds / 86_400);
    const end = part === 0 ? none : fractionText(part, perSecond) + suffix;
    return `${dayText(day)}T${clockText(seconds - day * 86_400)}${end}`;
  };
  return (row) => {
    const number = (halves[row * 2 + 1] ?? 0) * half + ((halves[row * 2] ?? 0) >>> 0);
    if (unit === "ms") {
      if (Math.abs(number) > dateReach) return ticks[row];
      if (zone !== null) return new Date(number);
    }
    if (!Number.isSafeInteger(number)) {
      const whole = ticks[row] ?? 0n;
      const seconds = floorDiv(whole, BigInt(perSecond));
      return text(Number(seconds), Number(whole - seconds * BigInt(perSecond)));
    }
    const seconds = Math.floor(number / perSecond);
    return text(seconds, number - seconds * perSecond);
  };
}

export function timeReader(data: Data): (row: number) => string {
  const ticks: BigInt64Array = data.values;
  return (row) => {
    const ns = Number(ticks[row]);
    const second = Math.floor(ns / 1_000_000_000);
    return clockText(second) + fractionText(ns - second * 1_000_000_000, 1_000_000_000);
  };
}
