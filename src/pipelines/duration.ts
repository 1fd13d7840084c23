import { duration } from "../config/values.ts";

/** Milliseconds of a duration that was checked with the definition. */
export function toMs(value: number | string): number {
  return duration.parse(value);
}

/** Nanoseconds, exactly. */
export function toNs(value: number | string): bigint {
  return BigInt(Math.round(toMs(value) * 1_000)) * 1_000n;
}
