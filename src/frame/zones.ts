import { SchemaError } from "../errors.ts";
import { dayNs, floorDiv, parseIso } from "./iso.ts";

const msNs = 1_000_000n;
const formats = new Map<string, Intl.DateTimeFormat>();

/**
 * The instants, in nanoseconds since 1970 UTC, at which a zone's clock shows `wallNs`, in order: one; two where the clock
 * was set back; none where it was set forward over that time.
 */
export function instantsOf(zone: string, wallNs: bigint): bigint[] {
  const near = [offsetAt(zone, wallNs - dayNs), offsetAt(zone, wallNs + dayNs)];
  return [...new Set(near)]
    .map((offset) => wallNs - offset)
    .filter((instant) => instant + offsetAt(zone, instant) === wallNs)
    .sort((a, b) => (a < b ? -1 : 1));
}

/**
 * The first instant at which a zone's clock shows `wallNs` or later. So where the clock was set back it is the earlier one of
 * two, and where it was set forward over that time, the instant at which it was set: neighbouring ranges meet without gap.
 */
export function firstInstantAtOrAfter(zone: string, wallNs: bigint): bigint {
  const [first] = instantsOf(zone, wallNs);
  if (first !== undefined) return first;
  const before = offsetAt(zone, wallNs - dayNs);
  // With the old offset the clock passes `wallNs` after the change, with the new one before it.
  let low = wallNs - offsetAt(zone, wallNs + dayNs);
  let high = wallNs - before;
  while (high - low > msNs) {
    const middle = (floorDiv(low + high, 2n) / msNs) * msNs;
    if (middle <= low) break;
    if (offsetAt(zone, middle) === before) low = middle;
    else high = middle;
  }
  return high;
}

/** Zones of the IANA database without a region before a slash. polars ends in a panic for a name that is none, and for an offset. */
const plainZones = new Set(
  (
    "UTC GMT UCT Zulu Universal Greenwich GMT0 GMT+0 GMT-0 CET EET MET WET EST MST HST EST5EDT CST6CDT MST7MDT PST8PDT Cuba Egypt Eire GB GB-Eire " +
    "Hongkong Iceland Iran Israel Jamaica Japan Kwajalein Libya NZ NZ-CHAT Navajo PRC Poland Portugal ROC ROK Singapore Turkey W-SU"
  ).split(" "),
);

/** Whether polars knows a zone by that name, in that spelling. */
export function isZoneName(zone: string): boolean {
  if (plainZones.has(zone)) return true;
  if (!/^[A-Z][A-Za-z]+(\/[A-Za-z0-9+_-]+)+$/.test(zone) || zone === "Etc/Unknown") return false;
  try {
    const known = new Intl.DateTimeFormat("en", { timeZone: zone }).resolvedOptions().timeZone;
    return known === zone || known.toLowerCase() !== zone.toLowerCase();
  } catch {
    return false;
  }
}

/** How far a zone's clock is ahead of UTC at an instant, in nanoseconds. Zones change at whole seconds. */
export function offsetAt(zone: string, instantNs: bigint): bigint {
  if (zone === "UTC") return 0n;
  const ms = Number(floorDiv(instantNs, msNs * 1_000n)) * 1_000;
  const clamped = Math.min(Math.max(ms, -8.64e15 + 1e9), 8.64e15 - 1e9);
  const parts: Record<string, string> = {};
  for (const { type, value } of format(zone).formatToParts(clamped)) parts[type] = value;
  const bc = parts.era === "BC" || parts.era === "B";
  const year = bc ? 1 - Number(parts.year) : Number(parts.year);
  const yearText = year >= 0 && year <= 9_999 ? String(year).padStart(4, "0") : signed(year);
  const wall = parseIso(`${yearText}-${parts.month}-${parts.day}T${parts.hour}:${parts.minute}:${parts.second}`);
  return wall ? wall.wallNs - BigInt(clamped) * msNs : 0n;
}

function signed(year: number): string {
  return `${year < 0 ? "-" : "+"}${String(Math.abs(year)).padStart(6, "0")}`;
}

function format(zone: string): Intl.DateTimeFormat {
  let found = formats.get(zone);
  if (found) return found;
  try {
    found = new Intl.DateTimeFormat("en-US", {
      timeZone: zone,
      calendar: "gregory",
      numberingSystem: "latn",
      hourCycle: "h23",
      era: "short",
      year: "numeric",
      month: "2-digit",
      day: "2-digit",
      hour: "2-digit",
      minute: "2-digit",
      second: "2-digit",
    });
  } catch (cause) {
    throw new SchemaError(`There is no time zone "${zone}".`, {
      cause,
      hint: "Use an IANA name such as Europe/Berlin.",
    });
  }
  formats.set(zone, found);
  return found;
}
