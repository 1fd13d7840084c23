/** A date or time that was read from bytes. */
export class ReadTime {
  /** Seconds since 1970, in UTC where there is an offset. */
  seconds = 0;
  nanoseconds = 0;
  /** Digits of the second's fraction. */
  digits = 0;
  /** Whether the text ends with the fraction, without an offset. */
  endsWithFraction = false;
}

/** What `readTime` found. */
export const timeShape = { none: 0, date: 1, wall: 2, instant: 3 } as const;

const zero = 0x30;
const colon = 0x3a;
const dash = 0x2d;
const daysBefore = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334];

/** Reads `2024-02-29`, `2024-02-29T01:02`, with seconds, up to nine digits of a fraction, and `Z` or an offset. */
export function readTime(bytes: Uint8Array, start: number, end: number, into: ReadTime): number {
  if (end - start < 10 || bytes[start + 4] !== dash || bytes[start + 7] !== dash) return timeShape.none;
  const year = two(bytes, start) * 100 + two(bytes, start + 2);
  const days = daysOf(year, two(bytes, start + 5), two(bytes, start + 8));
  if (Number.isNaN(days)) return timeShape.none;
  into.seconds = days * 86_400;
  into.nanoseconds = 0;
  into.digits = 0;
  if (end - start === 10) return timeShape.date;
  const between = bytes[start + 10];
  if (end - start < 16 || (between !== 0x54 && between !== 0x20) || bytes[start + 13] !== colon) return timeShape.none;
  const hour = two(bytes, start + 11);
  const minute = two(bytes, start + 14);
  if (!(hour < 24 && minute < 60)) return timeShape.none;
  into.seconds += hour * 3_600 + minute * 60;
  let i = start + 16;
  if (bytes[i] === colon && i < end) {
    const second = i + 3 <= end ? two(bytes, i + 1) : Number.NaN;
    if (!(second < 60)) return timeShape.none;
    into.seconds += second;
    i += 3;
    if (bytes[i] === 0x2e && i < end) {
      i = readFraction(bytes, i + 1, end, into);
      if (i < 0) return timeShape.none;
    }
  }
  into.endsWithFraction = i === end;
  if (i === end) return timeShape.wall;
  const offset = readOffset(bytes, i, end);
  if (Number.isNaN(offset)) return timeShape.none;
  into.seconds -= offset;
  return timeShape.instant;
}

/** Two digits as a number; NaN when they are none. */
function two(bytes: Uint8Array, at: number): number {
  const high = (bytes[at] as number) - zero;
  const low = (bytes[at + 1] as number) - zero;
  return high >= 0 && high < 10 && low >= 0 && low < 10 ? high * 10 + low : Number.NaN;
}

/** The day that was asked for last: times of a column mostly fall on the day of the one before. */
let lastDay = Number.NaN;
let lastDays = Number.NaN;

/** Days since 1970; NaN for a day that never was. */
function daysOf(year: number, month: number, day: number): number {
  const asked = (year * 100 + month) * 100 + day;
  if (asked === lastDay) return lastDays;
  lastDay = asked;
  lastDays = countDays(year, month, day);
  return lastDays;
}

function countDays(year: number, month: number, day: number): number {
  if (!(month >= 1 && month <= 12 && day >= 1 && year >= 0)) return Number.NaN;
  const leap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  const length = month === 2 ? (leap ? 29 : 28) : month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31;
  if (day > length) return Number.NaN;
  const past = year - 1;
  const leaps = Math.floor(past / 4) - Math.floor(past / 100) + Math.floor(past / 400);
  const inYear = (daysBefore[month - 1] as number) + (leap && month > 2 ? 1 : 0) + day - 1;
  return 365 * (year - 1970) + leaps - 477 + inYear;
}

/** Returns where the fraction ends; -1 when it has no digit, or more than nine. */
function readFraction(bytes: Uint8Array, start: number, end: number, into: ReadTime): number {
  let i = start;
  let value = 0;
  while (i < end) {
    const digit = (bytes[i] as number) - zero;
    if (digit < 0 || digit > 9) break;
    value = value * 10 + digit;
    i += 1;
  }
  const digits = i - start;
  if (digits === 0 || digits > 9) return -1;
  for (let more = digits; more < 9; more += 1) value *= 10;
  into.nanoseconds = value;
  into.digits = digits;
  return i;
}

/** Seconds ahead of UTC; NaN for what is no offset. */
function readOffset(bytes: Uint8Array, start: number, end: number): number {
  const sign = bytes[start];
  if (sign === 0x5a) return end === start + 1 ? 0 : Number.NaN;
  if (sign !== 0x2b && sign !== dash) return Number.NaN;
  const parted = bytes[start + 3] === colon;
  if (end - start !== (parted ? 6 : 5)) return Number.NaN;
  const hours = two(bytes, start + 1);
  const minutes = two(bytes, start + (parted ? 4 : 3));
  if (!(hours < 24 && minutes < 60)) return Number.NaN;
  return (hours * 3_600 + minutes * 60) * (sign === dash ? -1 : 1);
}

/** 64 bits of nanoseconds begin at -9223372037 s + 145224192 ns and end at 9223372036 s + 854775807 ns. */
export function fitsNanoseconds({ seconds, nanoseconds }: ReadTime): boolean {
  if (seconds > -9_223_372_037 && seconds < 9_223_372_036) return true;
  if (seconds === -9_223_372_037) return nanoseconds >= 145_224_192;
  return seconds === 9_223_372_036 && nanoseconds <= 854_775_807;
}

const powers = [1, 10, 100, 1_000, 10_000, 100_000, 1_000_000, 10_000_000, 100_000_000, 1_000_000_000];

/** Whether a text of so many bytes has room for the whole number of a time with `digits` digits of a second's fraction. */
export function hasRoom(length: number, { seconds }: ReadTime, digits: number): boolean {
  const room = length - digits - (seconds < 0 ? 1 : 0);
  return room > 12 || Math.abs(seconds) < 10 ** room;
}

/**
 * Writes a time over its own text, as the whole number that `digits` digits of a second's fraction make of it, with zeros in
 * front: polars reads that many times faster than a time. The text has to have room.
 */
export function overwriteTime(bytes: Uint8Array, start: number, end: number, time: ReadTime, digits: number): void {
  const { seconds } = time;
  const negative = seconds < 0;
  let whole = Math.abs(seconds);
  let at = end - digits;
  if (negative || time.digits !== digits || !time.endsWithFraction) {
    let fraction = Math.trunc(time.nanoseconds / (powers[9 - digits] as number));
    if (negative && fraction > 0) {
      // -1.25 s is -2 s and .75: the digits are those of the sum.
      whole -= 1;
      fraction = (powers[digits] as number) - fraction;
    }
    writeDigits(bytes, end, fraction, digits);
  }
  // In two parts of 32 bits, whose division is quick.
  const high = Math.trunc(whole / 1_000_000);
  at = writeDigits(bytes, at, whole - high * 1_000_000, high > 0 ? 6 : 0);
  at = writeDigits(bytes, at, high, 0);
  while (at > start) bytes[--at] = zero;
  if (negative) bytes[start] = dash;
}

/** Writes a date over its own text, as the days since 1970. */
export function overwriteDate(bytes: Uint8Array, start: number, end: number, { seconds }: ReadTime): void {
  let at = writeDigits(bytes, end, Math.abs(seconds) / 86_400, 0);
  while (at > start) bytes[--at] = zero;
  if (seconds < 0) bytes[start] = dash;
}

/** Writes the digits of a number before `at`, at least `least` of them. */
function writeDigits(bytes: Uint8Array, at: number, value: number, least: number): number {
  let rest = value | 0;
  let i = at;
  while (rest > 0 || at - i < least) {
    const next = (rest / 10) | 0;
    i -= 1;
    bytes[i] = zero + rest - next * 10;
    rest = next;
  }
  return i;
}
