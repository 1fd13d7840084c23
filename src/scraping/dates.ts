import { SchemaError } from "../errors.ts";
import { instantsOf } from "../frame/zones.ts";
import { isAbsent, type NumberFormat, unreadable } from "./values.ts";

/** How a date or a time is written on a page. */
export interface DateFormat extends Pick<NumberFormat, "absent"> {
  /** The zone of the clock that the page shows, such as `Europe/Berlin`: the value is an instant then. */
  readonly zone?: string;
  /** The language of names of months. Default: `en`. */
  readonly locale?: string;
}

type Part = "year" | "month" | "day" | "hour" | "minute" | "second" | "fraction" | "half" | "offset" | "ignored";

const name = String.raw`([\p{L}\p{M}.]+)`;
const tokens: Readonly<Record<string, readonly [Part, pattern: string]>> = {
  yyyy: ["year", String.raw`(\d{4})`],
  yy: ["year", String.raw`(\d{2})`],
  MMMM: ["month", name],
  MMM: ["month", name],
  MM: ["month", String.raw`(\d{2})`],
  M: ["month", String.raw`(\d{1,2})`],
  dd: ["day", String.raw`(\d{2})`],
  d: ["day", String.raw`(\d{1,2})`],
  HH: ["hour", String.raw`(\d{2})`],
  H: ["hour", String.raw`(\d{1,2})`],
  hh: ["hour", String.raw`(\d{2})`],
  h: ["hour", String.raw`(\d{1,2})`],
  mm: ["minute", String.raw`(\d{2})`],
  ss: ["second", String.raw`(\d{2})`],
  SSS: ["fraction", String.raw`(\d{1,9})`],
  a: ["half", String.raw`([AaPp])\.?[Mm]\.?`],
  Z: ["offset", String.raw`(Z|[+-]\d{2}:?\d{2})`],
  EEEE: ["ignored", name],
  EEE: ["ignored", name],
};

interface Compiled {
  readonly pattern: RegExp;
  readonly parts: readonly Part[];
}

const compiled = new Map<string, Compiled>();

/**
 * A date (`2026-03-31`) or a time (`2026-03-31T09:30:00`) from a text, by a format such as `dd.MM.yyyy`, `MMM d, yyyy` or
 * `yyyy-MM-dd HH:mm`. With a zone, or an offset in the text (`Z`), it is an instant and ends in `Z`. `null` for no value.
 *
 * Tokens: yyyy yy MMMM MMM MM M dd d HH H hh h mm ss SSS a Z EEEE EEE; text between quotes stands for itself.
 *
 * @throws SchemaError for any other text, for a day that no calendar has, and for a time that a zone's clock never shows.
 */
export function parseDate(text: string, format: string, options: DateFormat = {}): string | null {
  const shown = text.replace(/\s+/g, " ").trim();
  if (isAbsent(shown, options)) return null;
  const { pattern, parts } = compiledFormat(format);
  const match = pattern.exec(shown);
  const fail = () => unreadable(text, `a date written as ${format}`);
  if (!match) throw fail();
  const found = new Map(parts.map((part, index) => [part, match[index + 1] ?? ""]));
  const year = yearOf(found.get("year"));
  const month = monthOf(found.get("month") ?? "", options.locale ?? "en");
  const day = Number(found.get("day") ?? 1);
  const time = new Date(Date.UTC(year, month - 1, day));
  if (!(month > 0) || time.getUTCMonth() !== month - 1 || time.getUTCDate() !== day) throw fail();
  const date = time.toISOString().slice(0, 10);
  if (!found.has("hour")) return date;
  const clock = clockOf(found);
  if (clock === null) throw fail();
  const offset = found.get("offset");
  if (offset !== undefined)
    return instantText(`${date}T${clock}${offset === "Z" ? "Z" : offset.replace(/(\d\d):?(\d\d)$/, "$1:$2")}`);
  if (options.zone === undefined) return `${date}T${clock}`;
  const [first, second] = instantsOf(options.zone, BigInt(Date.parse(`${date}T${clock}Z`)) * 1_000_000n);
  if (first === undefined || second !== undefined) {
    throw unreadable(
      text,
      `one moment: the clock of ${options.zone} shows it ${second === undefined ? "never" : "twice"}`,
    );
  }
  return new Date(Number(first / 1_000_000n)).toISOString();
}

function compiledFormat(format: string): Compiled {
  const known = compiled.get(format);
  if (known) return known;
  const parts: Part[] = [];
  const pattern = format.replace(
    /'([^']*)'|([A-Za-z])\2*|[^A-Za-z']+/g,
    (piece, quoted: string | undefined, letter: string | undefined) => {
      if (letter === undefined) return escaped(quoted ?? piece);
      const token = tokens[piece];
      if (!token)
        throw new SchemaError(`"${piece}" in the date format "${format}" is no token.`, {
          hint: `Tokens: ${Object.keys(tokens).join(", ")}.`,
        });
      parts.push(token[0]);
      return token[1];
    },
  );
  const made = { pattern: new RegExp(`^${pattern}$`, "u"), parts };
  compiled.set(format, made);
  return made;
}

/** A text that stands for itself in a pattern; spaces in a row are one. */
function escaped(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&").replace(/\s+/g, "\\s+");
}

/** Two digits mean the year that is nearest to now: up to 50 years ahead of it, or behind. */
function yearOf(text: string | undefined): number {
  if (text === undefined) return 1970;
  if (text.length === 4) return Number(text);
  const now = new Date().getUTCFullYear();
  const year = now - (now % 100) + Number(text);
  return year > now + 50 ? year - 100 : year <= now - 50 ? year + 100 : year;
}

function monthOf(text: string, locale: string): number {
  if (/^\d+$/.test(text)) return Number(text);
  const wanted = text.toLocaleLowerCase(locale).replace(/\.$/, "");
  return (
    monthNames(locale).findIndex((names) =>
      names.some((each) => each === wanted || (wanted.length >= 3 && each.startsWith(wanted))),
    ) + 1
  );
}

const months = new Map<string, string[][]>();

function monthNames(locale: string): string[][] {
  const known = months.get(locale);
  if (known) return known;
  const kinds = ["long", "short"] as const;
  const made = Array.from({ length: 12 }, (_, month) =>
    kinds.flatMap((kind) =>
      // With a day the name has the form that dates have, which in some languages is another one.
      [{ month: kind }, { month: kind, day: "numeric" as const }].map(
        (options) =>
          new Intl.DateTimeFormat(locale, { ...options, timeZone: "UTC" })
            .formatToParts(Date.UTC(2026, month, 1))
            .find(({ type }) => type === "month")
            ?.value.toLocaleLowerCase(locale)
            .replace(/\.$/, "") ?? "",
      ),
    ),
  );
  months.set(locale, made);
  return made;
}

function clockOf(found: ReadonlyMap<Part, string>): string | null {
  const half = found.get("half")?.toLowerCase();
  const shown = Number(found.get("hour"));
  if (half !== undefined && (shown < 1 || shown > 12)) return null;
  const hour = half === undefined ? shown : (shown % 12) + (half === "p" ? 12 : 0);
  const minute = Number(found.get("minute") ?? 0);
  const second = Number(found.get("second") ?? 0);
  if (hour > 23 || minute > 59 || second > 59) return null;
  const fraction = found.get("fraction");
  const clock = [hour, minute, second].map((part) => String(part).padStart(2, "0")).join(":");
  return fraction === undefined ? clock : `${clock}.${fraction}`;
}

function instantText(text: string): string {
  return new Date(text).toISOString();
}
