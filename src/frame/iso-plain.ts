import { daysInMonth, daysOf } from "./iso.ts";

const zero = 48;

/**
 * Reads moments of the form that machines write, `2024-03-31T09:30:00.123456Z` with `T` or a space, up to nine digits and
 * `Z` or nothing, ten times faster than `parseIso`, which reads all the others. Nothing is made for each text: the parts of
 * the last one stand in the fields.
 */
export class PlainMoment {
  /** Whole seconds since 1970-01-01T00:00 on the text's own clock. */
  seconds = 0;
  /** What is beyond the seconds. */
  nanoseconds = 0;
  /** Whether the text ends in `Z`. */
  utc = false;
  #date = -1;
  #days = 0;

  /** False when the text is not of this form; then the fields mean nothing. */
  read(text: string): boolean {
    const { length } = text;
    if (length < 19 || text.charCodeAt(4) !== 45 || text.charCodeAt(7) !== 45) return false;
    const parting = text.charCodeAt(10);
    if ((parting !== 84 && parting !== 32) || text.charCodeAt(13) !== 58 || text.charCodeAt(16) !== 58) return false;
    const century = pair(text, 0);
    const year = pair(text, 2);
    const month = pair(text, 5);
    const day = pair(text, 8);
    const hour = pair(text, 11);
    const minute = pair(text, 14);
    const second = pair(text, 17);
    if ((century | year | month | day | hour | minute | second) < 0 || hour > 23 || minute > 59 || second > 59)
      return false;
    const date = ((century * 100 + year) * 100 + month) * 100 + day;
    if (date !== this.#date && !this.#learn(date, century * 100 + year, month, day)) return false;
    this.seconds = this.#days * 86_400 + (hour * 60 + minute) * 60 + second;
    return this.#readRest(text, length);
  }

  #learn(date: number, year: number, month: number, day: number): boolean {
    if (month < 1 || month > 12 || day < 1 || day > daysInMonth(year, month)) return false;
    this.#date = date;
    this.#days = daysOf(year, month, day);
    return true;
  }

  #readRest(text: string, length: number): boolean {
    this.nanoseconds = 0;
    this.utc = text.charCodeAt(length - 1) === 90;
    const end = this.utc ? length - 1 : length;
    if (end === 19) return true;
    if (text.charCodeAt(19) !== 46 || end === 20 || end > 29) return false;
    let fraction = 0;
    for (let at = 20; at < 29; at++) {
      const digit = at < end ? text.charCodeAt(at) - zero : 0;
      if (digit < 0 || digit > 9) return false;
      fraction = fraction * 10 + digit;
    }
    this.nanoseconds = fraction;
    return true;
  }
}

/** Two digits as a number; negative when they are none. */
function pair(text: string, at: number): number {
  const tens = text.charCodeAt(at) - zero;
  const ones = text.charCodeAt(at + 1) - zero;
  return tens < 0 || tens > 9 || ones < 0 || ones > 9 ? -1 : tens * 10 + ones;
}
