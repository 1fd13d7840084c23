import { visibleText } from "../../system/visible-text.ts";

/** A whole number with spaces between its thousands. */
export function countText(count: number): string {
  return count.toLocaleString("en").replaceAll(",", "\u202f");
}

/** A number of bytes for people. */
export function sizeText(bytes: number): string {
  const units = ["B", "kB", "MB", "GB", "TB"];
  const power = bytes < 1 ? 0 : Math.min(units.length - 1, Math.floor(Math.log10(bytes) / 3));
  const value = bytes / 1000 ** power;
  return `${power === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${units[power]}`;
}

/** How long ago a moment was: `3 min ago`. */
export function ageText(moment: Date, now = Date.now()): string {
  const seconds = Math.max(0, Math.round((now - moment.getTime()) / 1_000));
  if (seconds < 60) return "just now";
  if (seconds < 3_600) return `${Math.round(seconds / 60)} min ago`;
  if (seconds < 48 * 3_600) return `${Math.round(seconds / 3_600)} h ago`;
  return `${Math.round(seconds / 86_400)} days ago`;
}

/** How long it is until a moment: `in 3 min`. */
export function untilText(moment: Date, now = Date.now()): string {
  const seconds = Math.max(0, Math.round((moment.getTime() - now) / 1_000));
  if (seconds < 90) return "in a minute";
  if (seconds < 5_400) return `in ${Math.round(seconds / 60)} min`;
  if (seconds < 48 * 3_600) return `in ${Math.round(seconds / 3_600)} h`;
  return `in ${Math.round(seconds / 86_400)} days`;
}

/** A moment as people read it, in UTC: `2026-01-31 23:59:59`. */
export function momentText(moment: Date): string {
  return moment.toISOString().replace("T", " ").slice(0, 19);
}

/** How long something took: `12 ms`, `3.4 s`, `2 min 5 s`. */
export function durationText(milliseconds: number): string {
  if (milliseconds < 1_000) return `${Math.round(milliseconds)} ms`;
  const seconds = milliseconds / 1_000;
  if (seconds < 60) return `${seconds.toFixed(1)} s`;
  if (seconds < 3_600) return `${Math.floor(seconds / 60)} min ${Math.round(seconds % 60)} s`;
  return `${Math.floor(seconds / 3_600)} h ${Math.round((seconds % 3_600) / 60)} min`;
}

/** A value as a cell of a table shows it. What nobody could see, and what turns the text around it, is shown escaped. */
export function valueText(value: unknown): string {
  return visibleText(plainText(value));
}

function plainText(value: unknown): string {
  if (value instanceof Uint8Array) return `${value.length} bytes`;
  if (typeof value === "object" && value !== null) {
    return JSON.stringify(value, (_, inner: unknown) => (typeof inner === "bigint" ? String(inner) : inner));
  }
  return String(value);
}

/** The address of a frame's pages. */
export function framePath(storage: string, name: string): string {
  return `/data/${encodeURIComponent(storage)}/${encodeURIComponent(name)}`;
}
