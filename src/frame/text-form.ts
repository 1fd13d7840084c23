import { formatClock, formatWall } from "./iso.ts";
import { tickNs } from "./time-range.ts";
import type { ColumnType } from "./types.ts";

/**
 * Every value as one text, for storages that lack its type. Other programs can read the texts, and the type tells how they
 * read back:
 *
 * | type | text |
 * | --- | --- |
 * | binary | `\x00ff`, as PostgreSQL writes it |
 * | time | `09:30:00.000000000` |
 * | duration | `PT90.5S`: ISO 8601 in seconds, `PT-0.001S` below zero |
 * | decimal, date, datetime, string, categorical, enum | as `records` gives them |
 * | list, array, struct | JSON (RFC 8259): integers with all their digits; NaN, Infinity and -Infinity as strings; what has no JSON form as its text above |
 *
 * @param value as `decodeColumn` gives it, and not null.
 */
export function toText(type: ColumnType, value: unknown): string {
  switch (type.kind) {
    case "binary":
      return `\\x${Buffer.from(value as Uint8Array).toString("hex")}`;
    case "time":
      return typeof value === "bigint" ? formatClock(value, 9) : String(value);
    case "duration":
      return formatDuration((value as bigint) * tickNs[type.unit]);
    case "datetime":
      if (value instanceof Date) return value.toISOString();
      // Ticks, where a Date does not reach.
      return typeof value === "bigint"
        ? formatWall(value * tickNs.ms, 3) + (type.zone === null ? "" : "Z")
        : String(value);
    case "list":
    case "array":
    case "struct":
      return toJson(type, value);
    default:
      return Object.is(value, -0) ? "-0" : String(value);
  }
}

/**
 * The value that a text of `toText` stands for, as `encodeColumn` takes it, which refuses what does not fit the type. Gives the
 * text itself where it has not the form of the type.
 */
export function fromText(type: ColumnType, text: string): unknown {
  switch (type.kind) {
    case "binary":
      return /^\\x(?:[0-9a-f]{2})*$/i.test(text) ? Uint8Array.from(Buffer.from(text.slice(2), "hex")) : text;
    case "duration":
      return parseDuration(text, tickNs[type.unit]) ?? text;
    case "list":
    case "array":
    case "struct":
      return fromJson(type, parseJson(text));
    default:
      return text;
  }
}

function toJson(type: ColumnType, value: unknown): string {
  if (value === null || value === undefined) return "null";
  switch (type.kind) {
    case "list":
    case "array":
      return `[${Array.from(value as ArrayLike<unknown>, (item) => toJson(type.item, item)).join(",")}]`;
    case "struct": {
      const fields = type.fields.map(({ name, type: part }) => {
        return `${JSON.stringify(name)}:${toJson(part, (value as Record<string, unknown>)[name])}`;
      });
      return `{${fields.join(",")}}`;
    }
    case "float32":
    case "float64":
      return Number.isFinite(value) ? toText(type, value) : `"${value}"`;
    default:
      return isBare(type) ? toText(type, value) : JSON.stringify(toText(type, value));
  }
}

/** Types whose texts are JSON as they are. */
function isBare({ kind }: ColumnType): boolean {
  return kind === "boolean" || kind === "null" || /^u?int\d+$/.test(kind);
}

/** The values of parsed JSON in the form that the type takes. What is not of the type's form stays, for `encodeColumn` to refuse. */
function fromJson(type: ColumnType, value: unknown): unknown {
  if (value === null) return null;
  switch (type.kind) {
    case "list":
    case "array":
      return Array.isArray(value) ? value.map((item) => fromJson(type.item, item)) : value;
    case "struct": {
      if (typeof value !== "object" || Array.isArray(value)) return value;
      const types = new Map(type.fields.map(({ name, type: part }) => [name, part]));
      return Object.fromEntries(
        Object.entries(value).map(([name, part]) => {
          const known = types.get(name);
          return [name, known ? fromJson(known, part) : part];
        }),
      );
    }
    case "float32":
    case "float64":
      return typeof value === "bigint" || isFloatWord(value) ? Number(value) : value;
    default:
      return typeof value === "string" ? fromText(type, value) : value;
  }
}

function isFloatWord(value: unknown): boolean {
  return value === "NaN" || value === "Infinity" || value === "-Infinity";
}

/** JSON with whole numbers beyond 2^53 as bigints. Text that is no JSON stays text. */
function parseJson(text: string): unknown {
  try {
    return /\d{16}/.test(text) ? JSON.parse(text, wholeNumbers) : JSON.parse(text);
  } catch {
    return text;
  }
}

function wholeNumbers(_key: string, value: unknown, context?: { source?: string }): unknown {
  if (typeof value !== "number" || Number.isSafeInteger(value)) return value;
  return /^-?\d+$/.test(context?.source ?? "") ? BigInt(context?.source ?? "") : value;
}

/** ISO 8601 in seconds, without needless zeros. */
function formatDuration(ns: bigint): string {
  const size = ns < 0n ? -ns : ns;
  const fraction = String(size % 1_000_000_000n)
    .padStart(9, "0")
    .replace(/0+$/, "");
  return `PT${ns < 0n ? "-" : ""}${size / 1_000_000_000n}${fraction === "" ? "" : `.${fraction}`}S`;
}

/** Ticks of a duration in seconds; null when the text is none, or finer than a tick. */
function parseDuration(text: string, tick: bigint): bigint | null {
  const parts = /^PT(-?)(\d+)(?:\.(\d{1,9}))?S$/.exec(text);
  if (!parts) return null;
  const size = BigInt(parts[2] ?? "") * 1_000_000_000n + BigInt((parts[3] ?? "").padEnd(9, "0"));
  if (size % tick !== 0n) return null;
  return parts[1] === "-" ? -size / tick : size / tick;
}
