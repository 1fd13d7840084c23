import type { FrameSchema } from "../../contracts/frame-schema.ts";
import { FidelityError } from "../../errors.ts";
import { floorDiv } from "../../frame/iso.ts";
import type { LazyDataFrame } from "../../frame/polars.ts";
import type { Recoding } from "../../frame/recode.ts";
import { tickNs } from "../../frame/time-range.ts";
import { type ColumnType, parseType, typeText } from "../../frame/types.ts";
import { castColumns } from "./cast-columns.ts";
import { asTheyAre, type StoredColumn } from "./stored-columns.ts";
import type { TimeFacts } from "./time-facts.ts";

const nanoseconds = { kind: "datetime", unit: "ns", zone: null } as const;

/**
 * How ArcticDB can hold a type exactly, the better way first. ArcticDB's only time is timestamp[ns], from 1677-09-22 to
 * 2262-04-11. Within that a date is its midnight and every datetime is itself in nanoseconds, which Python programs read as
 * times. Beyond it a date is its days and a datetime its units since 1970, as integers. A column without any value is NaN to
 * pandas; what is left are texts as `toText` writes them.
 */
function storedTypes(type: ColumnType): readonly [within: ColumnType, beyond: ColumnType] {
  if (asTheyAre.has(type.kind)) return [type, type];
  switch (type.kind) {
    case "date":
      return [nanoseconds, { kind: "int32" }];
    case "datetime":
      return [{ ...nanoseconds, zone: type.zone }, { kind: "int64" }];
    case "time":
    case "duration":
      return [{ kind: "int64" }, { kind: "int64" }];
    case "null":
      return [{ kind: "float64" }, { kind: "float64" }];
    default:
      return [{ kind: "string" }, { kind: "string" }];
  }
}

/** Types that polars can't cast to the texts of `toText`, and those that it can't cast from them, or not without loss. */
const recodedThere = new Set<string>(["binary", "list", "array", "struct"]);
const recodedBack = new Set<string>([...recodedThere, "enum", "decimal", "null"]);

/**
 * Bounds of timestamp[ns] in days and milliseconds; its least value is ArcticDB's null. With a zone a
 * day less: ArcticDB fails to read a time whose wall clock lies beyond.
 */
const bounds = {
  date: [-106_751, 106_751],
  wall: [-9_223_372_036_853, 9_223_372_036_853],
  instant: [-9_223_285_636_853, 9_223_285_636_853],
} as const;

/**
 * Chooses how each column is held, given what its times are.
 *
 * @throws FidelityError for names of columns that ArcticDB can't take.
 */
export function planColumns(
  schema: FrameSchema,
  times: ReadonlyMap<string, TimeFacts>,
  frame: string,
): readonly StoredColumn[] {
  assertColumnNames(schema.fields, frame);
  return schema.fields.map(({ name, type, nullable }) => {
    const own = parseType(type);
    const [inside, outside] = storedTypes(own);
    const facts = times.get(name);
    return { name, type, nullable, stored: typeText(facts && isBeyond(own, facts) ? outside : inside) };
  });
}

/** Whether a column has a value that timestamp[ns] can't hold. */
function isBeyond(type: ColumnType, { least, most }: TimeFacts): boolean {
  if (least === null || most === null) return false;
  if (type.kind !== "datetime") return least < bounds.date[0] || most > bounds.date[1];
  if (type.unit === "ns" && type.zone === null) return least === -(2n ** 63n);
  const inMs = 1_000_000n / tickNs[type.unit];
  const [from, to] = type.zone === null ? bounds.wall : bounds.instant;
  return floorDiv(least, inMs) < from || floorDiv(most, inMs) > to;
}

/** ArcticDB's process ends at an empty name, cuts one at NUL, and reads two equal ones back as the same column. */
function assertColumnNames(columns: readonly { name: string }[], frame: string): void {
  const seen = new Set<string>();
  columns.forEach(({ name }, index) => {
    const problem =
      name === "" ? "is empty" : name.includes("\0") ? "holds a NUL character" : seen.has(name) ? "comes twice" : null;
    if (problem) {
      throw new FidelityError(
        `Column ${index + 1}, ${JSON.stringify(name)}: its name ${problem}, which ArcticDB can't hold.`,
        {
          storage: "arctic",
          frame,
          hint: "Rename the column.",
        },
      );
    }
    seen.add(name);
  });
}

/** What comes before `encodeColumns`: values that become texts. */
export function toTexts(columns: readonly StoredColumn[]): Recoding[] {
  return recodings(columns, recodedThere, "to texts");
}

/** What comes after `decodeColumns`: texts that become values. */
export function fromTexts(columns: readonly StoredColumn[]): Recoding[] {
  return recodings(columns, recodedBack, "from texts");
}

function recodings(
  columns: readonly StoredColumn[],
  kinds: ReadonlySet<string>,
  direction: Recoding["direction"],
): Recoding[] {
  return columns
    .filter(({ type, stored }) => type !== stored)
    .map(({ name, type }) => ({ name, type: parseType(type), direction }))
    .filter(({ type }) => kinds.has(type.kind));
}

/** The columns as ArcticDB holds them, the index first when there is one. */
export function encodeColumns(
  lazy: LazyDataFrame,
  columns: readonly StoredColumn[],
  index: string | null,
): LazyDataFrame {
  const first = columns.filter(({ name }) => name === index);
  const others = columns.filter(({ name }) => name !== index);
  const casts = [...first, ...others].map(({ name, type, stored }) => ({ name, from: type, to: stored }));
  return castColumns(lazy, casts, { recoded: recodedThere });
}

/** The frame's own columns, in its own order, given those of the rows. */
export function decodeColumns(
  lazy: LazyDataFrame,
  columns: readonly StoredColumn[],
  present: readonly string[],
): LazyDataFrame {
  const casts = columns.map(({ name, type, stored }) => ({ name, from: stored, to: type }));
  return castColumns(lazy, casts, { recoded: recodedBack, present });
}
