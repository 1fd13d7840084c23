import { formatDay } from "./iso.ts";

/** Days whose text is kept: some 300 years, a few MB. */
const mostDays = 100_000;
const days = new Map<number, string>();
const clocks: string[] = new Array(86_400).fill("");

/** As `formatDay`; a day that was asked for before costs a look-up. */
export function dayText(day: number): string {
  let text = days.get(day);
  if (text === undefined) {
    if (days.size >= mostDays) days.clear();
    text = formatDay(day);
    days.set(day, text);
  }
  return text;
}

/** `09:30:00` for a second of the day. */
export function clockText(second: number): string {
  let text = clocks[second];
  if (!text) {
    const parts = [Math.floor(second / 3_600), Math.floor(second / 60) % 60, second % 60];
    text = parts.map((part) => String(part).padStart(2, "0")).join(":");
    clocks[second] = text;
  }
  return text;
}

/** `.000120` for 120 of a million. `units` is a power of ten. */
export function fractionText(part: number, units: number): string {
  return `.${String(units + part).slice(1)}`;
}
