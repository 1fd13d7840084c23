import type { ColumnType, TimeUnit } from "../../frame/types.ts";
import { fitsNanoseconds, hasRoom, ReadTime, readTime, timeShape } from "./times.ts";

/** What the text of a value can be, as bits: a column has all those of its values. */
export const shape = {
  /** Nothing, without quotes: null. */
  empty: 1,
  truth: 2,
  /** A whole number of at most 15 digits, which a float64 holds as well. */
  int: 4,
  /** One of more digits, within 64 bits. */
  longInt: 8,
  /** A number of at most 15 digits with a fraction, or -0. */
  decimal: 16,
  /** A number of more digits, or with an exponent: its digits have to be proven. */
  long: 32,
  /** A word for a float that is no number: NaN, inf. */
  word: 64,
  date: 128,
  /** A time without an offset, and one with. */
  wall: 256,
  instant: 512,
  /** A time that 64 bits of nanoseconds do not reach. */
  beyondNs: 1024,
  /** A time whose text is too short for the number of its micro- or nanoseconds. */
  crampedUs: 2048,
  crampedNs: 4096,
  text: 8192,
  /** Digits that no float64 holds. */
  inexact: 16384,
  /** A time with more digits than its column was thought to have. */
  finer: 32768,
} as const;

const minus = 0x2d;
const zero = 0x30;
const nine = 0x39;

/** The time that `shapeOf` read last. */
export const lastTime = new ReadTime();

/** The shape of a text, without the marks that a column adds. */
export function shapeOf(bytes: Buffer, start: number, end: number, point: number): number {
  const first = bytes[start] as number;
  if (first === minus || (first >= zero && first <= nine)) {
    const number = numberShape(bytes, start, end, point);
    if (number !== shape.text) return number;
    if (first !== minus) return timeShapeOf(bytes, start, end);
  }
  return wordShape(bytes, start, end);
}

export function numberShape(bytes: Buffer, start: number, end: number, point: number): number {
  let i = start;
  if (bytes[i] === minus) i += 1;
  const first = i;
  while (i < end && isDigit(bytes[i] as number)) i += 1;
  const whole = i - first;
  if (whole === 0 || (whole > 1 && bytes[first] === zero)) return shape.text;
  if (i === end) return wholeShape(bytes, start, first, end);
  let digits = whole;
  if (bytes[i] === point) {
    const fraction = ++i;
    while (i < end && isDigit(bytes[i] as number)) i += 1;
    if (i === fraction) return shape.text;
    digits += i - fraction;
    if (i === end) return digits <= 15 ? shape.decimal : shape.long;
  }
  return isExponent(bytes, i, end) ? shape.long : shape.text;
}

function wholeShape(bytes: Buffer, start: number, first: number, end: number): number {
  const digits = end - first;
  if (bytes[first] === zero) return first === start ? shape.int : shape.decimal;
  if (digits <= 15) return shape.int;
  if (digits < 19) return shape.longInt;
  if (digits > 19) return shape.long;
  const most = first === start ? "9223372036854775807" : "9223372036854775808";
  return bytes.toString("latin1", first, end) <= most ? shape.longInt : shape.long;
}

function isExponent(bytes: Buffer, start: number, end: number): boolean {
  let i = start;
  if (((bytes[i] as number) | 0x20) !== 0x65) return false;
  i += 1;
  if (bytes[i] === minus || bytes[i] === 0x2b) i += 1;
  const digits = i;
  while (i < end && isDigit(bytes[i] as number)) i += 1;
  return i === end && i > digits;
}

function isDigit(byte: number): boolean {
  return byte >= zero && byte <= nine;
}

export function timeShapeOf(bytes: Buffer, start: number, end: number): number {
  const read = readTime(bytes, start, end, lastTime);
  if (read === timeShape.none) return shape.text;
  if (read === timeShape.date) return shape.date;
  let found: number = read === timeShape.wall ? shape.wall : shape.instant;
  if (!fitsNanoseconds(lastTime)) found |= shape.beyondNs;
  if (end - start < 20) {
    if (!hasRoom(end - start, lastTime, 6)) found |= shape.crampedUs;
    if (!hasRoom(end - start, lastTime, 9)) found |= shape.crampedNs;
  }
  return found;
}

const words = new Set(["NaN", "nan", "inf", "-inf", "Infinity", "-Infinity"]);

function wordShape(bytes: Buffer, start: number, end: number): number {
  const length = end - start;
  if (length < 3 || length > 9) return shape.text;
  const word = bytes.toString("latin1", start, end);
  if (word === "true" || word === "false") return shape.truth;
  return words.has(word) ? shape.word : shape.text;
}

const { empty, truth, int, longInt, decimal, long, word, date, wall, instant, beyondNs, inexact } = shape;
const anyTime = empty | beyondNs | shape.crampedUs | shape.crampedNs;

/** Shapes that a column may have for each type that is looked for. */
export const allowed = {
  boolean: empty | truth,
  int64: empty | int | longInt,
  float64: empty | int | longInt | decimal | long | word,
  date: empty | date,
  wall: anyTime | wall,
  instant: anyTime | instant,
} as const;

/**
 * The type of a column whose values have these shapes. What is not surely of a type is text.
 *
 * @param digits most digits of a second's fraction.
 */
export function typeOfShapes(seen: number, digits: number): ColumnType {
  const only = (shapes: number) => (seen & ~shapes) === 0;
  if (only(empty)) return { kind: "string" };
  if (only(allowed.boolean)) return { kind: "boolean" };
  if (only(allowed.int64 | inexact)) return { kind: "int64" };
  if (only(allowed.float64) && !only(empty | word)) return { kind: "float64" };
  if (only(allowed.date)) return { kind: "date" };
  if (only(allowed.wall) || only(allowed.instant)) {
    const unit: TimeUnit = digits > 6 ? "ns" : digits > 3 || digits === 0 ? "us" : "ms";
    if (unit === "ns" && (seen & beyondNs) !== 0) return { kind: "string" };
    return { kind: "datetime", unit, zone: only(allowed.wall) ? null : "UTC" };
  }
  return { kind: "string" };
}
