import { SchemaError } from "../errors.ts";

/** How numbers are written on a page. */
export interface NumberFormat {
  /** The decimal separator; the other one separates thousands. Default: `.`. */
  readonly decimal?: "." | ",";
}

/** What pages write where there is no value. */
const absent = new Set(["", "-", "–", "—", "N/A", "n/a", "NA"]);

const exponents: Readonly<Record<string, number>> = { "": 0, K: 3, M: 6, B: 9, T: 12 };

/**
 * The number in a text such as `1,234.5`, `-3`, `$1.2B` or `(7)`; K, M, B and T multiply. `null` for an empty text,
 * a dash or `N/A`.
 *
 * @throws SchemaError for any other text. It is never turned into null.
 */
export function parseNumber(text: string, format: NumberFormat = {}): number | null {
  const shown = tidy(text);
  if (absent.has(shown)) return null;
  return read(shown, text, format, 0);
}

/**
 * A percentage as a fraction: `-1.25%` is `-0.0125`. `null` as in `parseNumber`.
 *
 * @throws SchemaError when the text is no number with a percent sign.
 */
export function parsePercent(text: string, format: NumberFormat = {}): number | null {
  const shown = tidy(text);
  if (absent.has(shown)) return null;
  if (!shown.endsWith("%")) throw unreadable(text, "a percentage");
  return read(shown.slice(0, -1).trim(), text, format, -2);
}

/**
 * As `parseNumber`, for whole numbers.
 *
 * @throws SchemaError for a fraction, and for a number beyond 2^53 that would lose digits.
 */
export function parseInteger(text: string, format: NumberFormat = {}): number | null {
  const value = parseNumber(text, format);
  if (value !== null && !Number.isSafeInteger(value)) throw unreadable(text, "a whole number below 2^53");
  return value;
}

function read(shown: string, original: string, format: NumberFormat, power: number): number {
  const bracketed = /^\((.*)\)$/.exec(shown);
  const match = /^([+-]?)[$€£¥]?([+-]?)([\d.,\s']+)([KMBT]?)$/i.exec(bracketed?.[1] ?? shown);
  const digits = match && plainDigits(match[3] ?? "", format.decimal ?? ".");
  if (!match || digits === null || (match[1] && match[2])) throw unreadable(original, "a number");
  const negative = (bracketed ? 1 : 0) + (match[1] === "-" || match[2] === "-" ? 1 : 0);
  if (negative === 2) throw unreadable(original, "a number");
  // An exponent in the text, not a multiplication: the nearest double to what the page shows.
  const exponent = power + (exponents[(match[4] ?? "").toUpperCase()] ?? 0);
  const value = Number(`${digits}e${exponent}`);
  return negative ? -value : value;
}

/** Digits with a decimal point and no thousands separators; `null` when the separators do not stand in threes. */
function plainDigits(digits: string, decimal: "." | ","): string | null {
  const [whole = "", fraction, ...rest] = digits.trim().split(decimal);
  const grouped = decimal === "." ? /^\d{1,3}([,\s'])\d{3}(\1\d{3})*$/ : /^\d{1,3}([.\s'])\d{3}(\1\d{3})*$/;
  const sound = /^\d+$/.test(whole) || grouped.test(whole) || (whole === "" && fraction !== undefined);
  if (rest.length > 0 || !sound || (fraction !== undefined && !/^\d+$/.test(fraction))) return null;
  return `${whole.replace(/\D/g, "") || "0"}${fraction === undefined ? "" : `.${fraction}`}`;
}

/** Typographic minus signs, quotes and spaces as plain ones. */
function tidy(text: string): string {
  return text
    .replace(/[\u00a0\u2007\u202f]/g, " ")
    .replace(/\u2212/g, "-")
    .replace(/\u2019/g, "'")
    .trim();
}

function unreadable(text: string, wanted: string): SchemaError {
  return new SchemaError(`${JSON.stringify(text)} is not ${wanted}.`, {
    hint: "Mend the selector that gave this text, or read the value in `parse` in another way.",
  });
}
