import { createHash } from "node:crypto";
import { ConflictError, InvalidNameError } from "../errors.ts";

/** What a storage allows beyond the common rule. */
export interface NameRule {
  /** Type of the storage, for the error. */
  storage?: string;
  /** Longest segment in bytes of UTF-8. Default 200. */
  maxBytes?: number;
  /** Whether `/` may part a name into sub-folders. Default false. */
  folders?: boolean;
}

/**
 * The rule of names, the same in every storage.
 *
 * A name is a text of letters, digits and signs in any script. It may hold spaces, dots, `_`, `-` and most other signs. Refused are:
 *
 * - an empty name, and a text that is no valid Unicode (half of a surrogate pair);
 * - NUL, control characters, and the invisible characters that format or reverse text;
 * - the signs `\ : * ? " < > |`, which other systems take for something else;
 * - a dot at the beginning (so also `.` and `..`), a dot or a space at the end, a space at the beginning;
 * - `/`, except in csv, where it parts sub-folders; there the rule holds for every segment, and none may be empty
 *   (so no name begins or ends with `/`);
 * - device names of Windows, with or without an ending, in any case: CON, PRN, AUX, NUL, COM0 to COM9, LPT0 to LPT9;
 * - a segment of more than 200 bytes of UTF-8, or fewer where the storage holds less (PostgreSQL 63, ArcticDB 254 of ASCII);
 *   a whole name of more than 1,000 bytes.
 *
 * @throws InvalidNameError that says which part of the rule the name breaks.
 */
export function checkName(name: unknown, rule: NameRule = {}): asserts name is string {
  const fault = nameFault(name, rule);
  if (fault === null) return;
  const shown = typeof name === "string" ? JSON.stringify(name.slice(0, 100)) : `of type ${typeof name}`;
  throw new InvalidNameError(`The name ${shown} ${fault}.`, {
    ...(rule.storage !== undefined && { storage: rule.storage }),
    ...(typeof name === "string" && { frame: name.slice(0, 100) }),
    hint: "Use letters, digits, _ and -, as in daily_prices.",
  });
}

function nameFault(name: unknown, { maxBytes = 200, folders = false }: NameRule): string | null {
  if (typeof name !== "string") return "is no text";
  if (name === "") return "is empty";
  if (!name.isWellFormed()) return "is no valid Unicode";
  if (/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u.test(name)) return "holds a control or invisible character";
  if (name.startsWith("/")) return "is an absolute path";
  if (!folders && name.includes("/")) return "holds a `/`, and this storage has no sub-folders";
  if (Buffer.byteLength(name) > 1_000) return "is longer than 1,000 bytes";
  for (const segment of name.split("/")) {
    const fault = segmentFault(segment, maxBytes);
    if (fault) return fault;
  }
  return null;
}

function segmentFault(segment: string, maxBytes: number): string | null {
  if (segment === "") return "has an empty part";
  if (segment.startsWith(".")) return "has a part that begins with a dot";
  if (segment.endsWith(".")) return "has a part that ends with a dot";
  if (/^\s|\s$/u.test(segment)) return "has a part that begins or ends with a space";
  const sign = /[\\:*?"<>|]/.exec(segment)?.[0];
  if (sign) return `holds the sign ${sign}`;
  if (/^(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³]) *(\.|$)/iu.test(segment)) return "is the name of a device on Windows";
  const bytes = Buffer.byteLength(segment);
  return bytes > maxBytes ? `has ${bytes} bytes, and the limit is ${maxBytes}` : null;
}

/** The name without the ending of a csv file: `a.csv.gz` is `a`. Who copies between storages saves under this. */
export function plainName(name: string): string {
  return name.replace(/(?<=[^/])\.(csv|tsv|csv\.gz|csv\.zst)$/, "");
}

/**
 * Refuses a name that differs from an existing one only by letter case or Unicode form: on some disks they are one file.
 *
 * @throws ConflictError NAME_CONFLICT
 */
export function assertDistinct(name: string, existing: Iterable<string>, storage: string): void {
  const folded = foldName(name);
  let twin: string | undefined;
  for (const other of existing) {
    if (other === name) return;
    if (foldName(other) === folded) twin ??= other;
  }
  if (twin === undefined) return;
  throw new ConflictError(`"${name}" differs from the existing "${twin}" only by letter case or Unicode form.`, {
    code: "NAME_CONFLICT",
    storage,
    frame: name,
    hint: `Use "${twin}", or a name that differs visibly.`,
  });
}

/** Equal for names that differ only by letter case or Unicode form. */
export function foldName(name: string): string {
  return name.normalize("NFC").toUpperCase().toLowerCase().normalize("NFC");
}

const longestSegment = 200;

/**
 * One safe path segment for any name, for backups and locks. Different names give different segments, also where the disk
 * ignores case: a-z, 0-9, `_`, `-` and inner dots stay, a capital becomes `^` and its small letter, every other byte of UTF-8
 * becomes `%` and two small hex digits. `Prices/A b` is `^prices%2f^a%20b`. What would be longer than 200 bytes is cut and
 * ends in `~` and 32 digits of the name's SHA-256.
 */
export function segmentName(name: string): string {
  if (name === "" || !name.isWellFormed()) {
    throw new InvalidNameError("An empty name, or one that is no valid Unicode, has no place in a path.");
  }
  const segment = name
    .replace(/[^a-zA-Z0-9_.-]/gu, (sign) => [...Buffer.from(sign)].map(escapeByte).join(""))
    .replace(/[A-Z]/g, (capital) => `^${capital.toLowerCase()}`)
    .replace(/^\.|\.$/g, "%2e");
  if (segment.length <= longestSegment) return segment;
  const hash = createHash("sha256").update(name).digest("hex").slice(0, 32);
  return `${segment.slice(0, longestSegment - 33)}~${hash}`;
}

function escapeByte(byte: number): string {
  return `%${byte.toString(16).padStart(2, "0")}`;
}

/** The name behind a segment; null when the segment was cut, or is none that `segmentName` makes. */
export function nameOfSegment(segment: string): string | null {
  if (segment.includes("~")) return null;
  try {
    const name = decodeURIComponent(segment.replace(/\^([a-z])/g, (_, letter: string) => letter.toUpperCase()));
    return segmentName(name) === segment ? name : null;
  } catch {
    return null;
  }
}
