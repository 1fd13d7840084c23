import { SchemaError } from "../errors.ts";

/** How numbers are written on a page. */
export interface NumberFormat {
  /** The decimal separator; the other one separates thousands. Default: that of `locale`, else `.`. */
  readonly decimal?: "." | ",";
  /** Whose separators are used: `de-DE`, `fr-CH`. */
  readonly locale?: string;
  /** The currency that a sign or a code beside the number has to mean: `EUR`. Default: any is taken. */
  readonly currency?: string;
  /** Further words that multiply, by the power of ten: `{ "Mio.": 6, "Mrd.": 9 }`. */
  readonly units?: Readonly<Record<string, number>>;
  /** Further texts that stand for no value. */
  readonly absent?: readonly string[];
}

/** What pages write where there is no value. */
const absent = new Set(["", "-", "–", "—", "--", "N/A", "n/a", "NA", "N.A.", "n.a."]);

const exponents: Readonly<Record<string, number>> = { K: 3, M: 6, B: 9, T: 12 };

/** What currency a sign stands for. `$` and `¥` are shared by several. */
const signs: Readonly<Record<string, readonly string[]>> = {
  $: ["USD", "CAD", "AUD", "NZD", "HKD", "SGD", "MXN"],
  "€": ["EUR"],
  "£": ["GBP"],
  "¥": ["JPY", "CNY"],
  "₹": ["INR"],
  "₩": ["KRW"],
  "₽": ["RUB"],
  "₺": ["TRY"],
  "₿": ["BTC"],
};

/**
 * The number in a text such as `1,234.5`, `-3`, `$1.2B`, `12.50 EUR` or `(7)`; K, M, B and T multiply. `null` for an empty text,
 * a dash or `N/A`.
 *
 * @throws SchemaError for any other text. It is never turned into null.
 */
export function parseNumber(text: string, format: NumberFormat = {}): number | null {
  const shown = tidy(text);
  if (isAbsent(shown, format)) return null;
  return read(shown, text, format, 0);
}

/**
 * A percentage as a fraction: `-1.25%` is `-0.0125`. `null` as in `parseNumber`.
 *
 * @throws SchemaError when the text is no number with a percent sign.
 */
export function parsePercent(text: string, format: NumberFormat = {}): number | null {
  const shown = tidy(text);
  if (isAbsent(shown, format)) return null;
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

/** Whether a text stands for no value. */
export function isAbsent(text: string, { absent: more = [] }: Pick<NumberFormat, "absent"> = {}): boolean {
  const shown = tidy(text);
  return absent.has(shown) || more.includes(shown);
}

function read(shown: string, original: string, format: NumberFormat, power: number): number {
  const bracketed = /^\((.*)\)$/.exec(shown);
  const { number, unit } = withoutUnit(withoutCurrency(bracketed?.[1] ?? shown, original, format), format);
  const match = /^([+-]?)([\d.,\s']+)$/.exec(number);
  const digits = match && plainDigits(match[2] ?? "", format.decimal ?? decimalOf(format.locale));
  if (!match || digits === null) throw unreadable(original, "a number");
  const negative = (bracketed ? 1 : 0) + (match[1] === "-" ? 1 : 0);
  if (negative === 2) throw unreadable(original, "a number");
  // An exponent in the text, not a multiplication: the nearest double to what the page shows.
  const value = Number(`${digits}e${power + unit}`);
  return negative ? -value : value;
}

const currencyBefore = /^([+-]?)\s*(\p{Sc}|[A-Z]{3}(?![A-Za-z]))\s*([+-]?)/u;
const currencyBehind = /\s*(\p{Sc}|(?<![A-Za-z])[A-Z]{3})$/u;

function withoutCurrency(shown: string, original: string, { currency }: NumberFormat): string {
  const before = currencyBefore.exec(shown);
  const behind = before ? null : currencyBehind.exec(shown);
  const found = before?.[2] ?? behind?.[1];
  if (found === undefined) return shown;
  if (before?.[1] && before[3]) throw unreadable(original, "a number");
  if (currency !== undefined && found !== currency && !signs[found]?.includes(currency)) {
    throw unreadable(original, `an amount in ${currency}`);
  }
  if (behind) return shown.slice(0, behind.index);
  return `${before?.[1]}${before?.[3]}${shown.slice(before?.[0].length)}`;
}

function withoutUnit(shown: string, { units = {} }: NumberFormat): { number: string; unit: number } {
  for (const [word, unit] of Object.entries(units)) {
    if (shown.endsWith(word)) return { number: shown.slice(0, -word.length).trim(), unit };
  }
  const unit = exponents[shown.slice(-1).toUpperCase()];
  return unit === undefined ? { number: shown, unit: 0 } : { number: shown.slice(0, -1), unit };
}

const decimals = new Map<string, "." | ",">();

function decimalOf(locale: string | undefined): "." | "," {
  if (locale === undefined) return ".";
  const known = decimals.get(locale);
  if (known) return known;
  const part = new Intl.NumberFormat(locale).formatToParts(1.5).find(({ type }) => type === "decimal")?.value;
  const decimal = part === "," ? "," : ".";
  decimals.set(locale, decimal);
  return decimal;
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
    .replace(/[\u00a0\u2007\u2009\u202f]/g, " ")
    .replace(/\u2212/g, "-")
    .replace(/\u2019/g, "'")
    .trim();
}

export function unreadable(text: string, wanted: string): SchemaError {
  return new SchemaError(`${JSON.stringify(text)} is not ${wanted}.`, {
    hint: "Mend the selector that gave this text, or read the value in `parse` in another way.",
  });
}
