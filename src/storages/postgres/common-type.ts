import type { ColumnType } from "../../frame/types.ts";
import { widerType } from "../../frame/widen.ts";

/** The type that holds both, by the lattice of docs/postgres.md; null when there is none. */
export function commonType(own: ColumnType, given: ColumnType): ColumnType | null {
  const wider = widerType(own, given);
  if (wider) return wider;
  if (own.kind === "date" && given.kind === "datetime" && given.zone === null) return given;
  if (given.kind === "date" && own.kind === "datetime" && own.zone === null) return own;
  if (isWord(own) && isWord(given)) return { kind: "string" };
  const microseconds = "unit" in own && "unit" in given && own.unit !== "ns" && given.unit !== "ns";
  if (microseconds && own.kind === "datetime" && given.kind === "datetime" && own.zone === given.zone) {
    return { ...own, unit: "us" };
  }
  if (microseconds && own.kind === "duration" && given.kind === "duration") return { ...own, unit: "us" };
  return commonDecimal(own, given);
}

/** Categories become texts where they meet others. */
function isWord({ kind }: ColumnType): boolean {
  return kind === "string" || kind === "categorical" || kind === "enum";
}

function commonDecimal(own: ColumnType, given: ColumnType): ColumnType | null {
  const [a, b] = [digitsOf(own), digitsOf(given)];
  if (!a || !b) return null;
  const scale = Math.max(a.scale, b.scale);
  const precision = Math.max(a.precision - a.scale, b.precision - b.scale) + scale;
  return precision <= 38 ? { kind: "decimal", precision, scale } : null;
}

/** Digits that hold every number of a type. */
function digitsOf(type: ColumnType): { precision: number; scale: number } | null {
  if (type.kind === "decimal") return type;
  const precision = { int8: 3, uint8: 3, int16: 5, uint16: 5, int32: 10, uint32: 10, int64: 19, uint64: 20 }[
    type.kind as "int8"
  ];
  return precision === undefined ? null : { precision, scale: 0 };
}
