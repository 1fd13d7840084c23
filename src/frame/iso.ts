/** Nanoseconds of a day. */
export const dayNs = 86_400_000_000_000n;

/** A moment as it was written. */
export interface IsoMoment {
  /** What the clock shows, as nanoseconds since 1970-01-01T00:00 on that same clock. */
  readonly wallNs: bigint;
  /** How far that clock is ahead of UTC; null when the text does not say. */
  readonly offsetNs: bigint | null;
}

const iso =
  /^(?<year>\d{4}|[+-]\d{6,9})-(?<month>\d\d)-(?<day>\d\d)(?:[T ](?<hour>\d\d):(?<minute>\d\d)(?::(?<second>\d\d)(?:[.,](?<fraction>\d{1,9}))?)?(?<offset>Z|[+-]\d\d(?::?\d\d)?)?)?$/i;

/**
 * Reads `2024-03-31`, `2024-03-31T02:30`, `2024-03-31 02:30:00.123456789+02:00` and the like. Years beyond 0000 to 9999 have
 * a sign and six digits or more. Null when the text is no such moment, or no day of the calendar.
 */
export function parseIso(text: string): IsoMoment | null {
  const parts = iso.exec(text)?.groups;
  if (!parts) return null;
  const [year, month, day] = [Number(parts.year), Number(parts.month), Number(parts.day)];
  if (month < 1 || month > 12 || day < 1 || day > daysInMonth(year, month) || parts.year === "-000000") return null;
  const clock = clockNs(parts.hour ?? "00", parts.minute ?? "00", parts.second ?? "00", parts.fraction ?? "");
  const offsetNs = parseOffset(parts.offset);
  if (clock === null || offsetNs === undefined) return null;
  return { wallNs: BigInt(daysOf(year, month, day)) * dayNs + clock, offsetNs };
}

/** Nanoseconds since midnight of `23:59:59.999999999`; null when that is no time of day. */
export function parseClock(text: string): bigint | null {
  const parts = /^(\d\d):(\d\d)(?::(\d\d)(?:[.,](\d{1,9}))?)?$/.exec(text);
  return parts ? clockNs(parts[1] ?? "", parts[2] ?? "", parts[3] ?? "00", parts[4] ?? "") : null;
}

/** `2024-03-31` for a number of days since 1970-01-01. */
export function formatDay(days: number): string {
  const shifted = days + 719_468;
  const era = Math.floor(shifted / 146_097);
  const dayOfEra = shifted - era * 146_097;
  const yearOfEra = Math.floor(
    (dayOfEra - Math.floor(dayOfEra / 1_460) + Math.floor(dayOfEra / 36_524) - Math.floor(dayOfEra / 146_096)) / 365,
  );
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const shiftedMonth = Math.floor((5 * dayOfYear + 2) / 153);
  const day = dayOfYear - Math.floor((153 * shiftedMonth + 2) / 5) + 1;
  const month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9;
  const year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0);
  const plain = year >= 0 && year <= 9_999;
  const yearText = plain ? pad(year, 4) : `${year < 0 ? "-" : "+"}${pad(Math.abs(year), 6)}`;
  return `${yearText}-${pad(month, 2)}-${pad(day, 2)}`;
}

/** `02:30:00.123` with as many digits (0, 3, 6 or 9) as asked for. */
export function formatClock(ns: bigint, digits: number): string {
  const seconds = Number(ns / 1_000_000_000n);
  const fraction = pad(Number(ns % 1_000_000_000n), 9).slice(0, digits);
  const clock = [Math.floor(seconds / 3_600), Math.floor(seconds / 60) % 60, seconds % 60].map((part) => pad(part, 2));
  return clock.join(":") + (digits > 0 ? `.${fraction}` : "");
}

/** `2024-03-31T02:30:00.123`, without an offset. */
export function formatWall(ns: bigint, digits: number): string {
  const days = floorDiv(ns, dayNs);
  return `${formatDay(Number(days))}T${formatClock(ns - days * dayNs, digits)}`;
}

/** Division that rounds down, also below zero. */
export function floorDiv(a: bigint, b: bigint): bigint {
  const quotient = a / b;
  return a % b < 0n ? quotient - 1n : quotient;
}

/** Days from 1970-01-01 in the Gregorian calendar, which is taken to have held always. */
export function daysOf(year: number, month: number, day: number): number {
  const shifted = month <= 2 ? year - 1 : year;
  const era = Math.floor(shifted / 400);
  const yearOfEra = shifted - era * 400;
  const dayOfYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + day - 1;
  const dayOfEra = yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear;
  return era * 146_097 + dayOfEra - 719_468;
}

export function daysInMonth(year: number, month: number): number {
  if (month === 2) return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28;
  return [4, 6, 9, 11].includes(month) ? 30 : 31;
}

function clockNs(hour: string, minute: string, second: string, fraction: string): bigint | null {
  if (Number(hour) > 23 || Number(minute) > 59 || Number(second) > 59) return null;
  const seconds = (Number(hour) * 60 + Number(minute)) * 60 + Number(second);
  return BigInt(seconds) * 1_000_000_000n + BigInt(fraction.padEnd(9, "0"));
}

function parseOffset(text: string | undefined): bigint | null | undefined {
  if (text === undefined) return null;
  if (text.toUpperCase() === "Z") return 0n;
  const hours = Number(text.slice(1, 3));
  const minutes = Number(text.slice(3).replace(":", "") || "0");
  if (hours > 23 || minutes > 59) return undefined;
  const ns = BigInt(hours * 60 + minutes) * 60_000_000_000n;
  return text.startsWith("-") ? -ns : ns;
}

function pad(value: number, digits: number): string {
  return String(value).padStart(digits, "0");
}
