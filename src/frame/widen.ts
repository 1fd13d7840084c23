import { type ColumnType, type PlainKind, sameType } from "./types.ts";

/** Each kind and those it widens to without loss, nearest first. Integers never widen to floats: those round above 2^53. */
const widening: Partial<Record<ColumnType["kind"], readonly PlainKind[]>> = {
  int8: ["int16", "int32", "int64"],
  int16: ["int32", "int64"],
  int32: ["int64"],
  uint8: ["uint16", "int16", "uint32", "int32", "uint64", "int64"],
  uint16: ["uint32", "int32", "uint64", "int64"],
  uint32: ["uint64", "int64"],
  float32: ["float64"],
};

/** The narrowest type that holds every value of both, or null when there is none. A column that is all null fits any type. */
export function widerType(a: ColumnType, b: ColumnType): ColumnType | null {
  if (sameType(a, b) || b.kind === "null") return a;
  if (a.kind === "null") return b;
  if (a.kind === "decimal" && b.kind === "decimal") return widerDecimal(a, b);
  const fromA = [a.kind, ...(widening[a.kind] ?? [])];
  const fromB = new Set<string>([b.kind, ...(widening[b.kind] ?? [])]);
  const shared = fromA.find((kind): kind is PlainKind => fromB.has(kind) && isPlainNumber(kind));
  return shared ? { kind: shared } : null;
}

type Decimal = Extract<ColumnType, { kind: "decimal" }>;

/** As many digits before and after the point as either has, when 38 are enough. */
function widerDecimal(a: Decimal, b: Decimal): Decimal | null {
  const scale = Math.max(a.scale, b.scale);
  const precision = scale + Math.max(a.precision - a.scale, b.precision - b.scale);
  return precision > 38 ? null : { kind: "decimal", precision, scale };
}

function isPlainNumber(kind: string): boolean {
  return /^(u?int|float)\d+$/.test(kind);
}
