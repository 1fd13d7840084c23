import { FidelityError } from "../../errors.ts";
import { type ColumnType, typeText } from "../../frame/types.ts";

/** How a value's bytes are written and read in binary COPY. The layouts stand in copy-encode.ts and copy-decode.ts. */
export type Wire =
  | "bool"
  | "int16"
  | "int32"
  | "int64"
  | "float32"
  | "float64"
  | "date"
  | "time"
  | "timestamp"
  | "numeric"
  | "bytes";

/** How a frame's type is held by PostgreSQL. */
export interface Mapping {
  readonly type: ColumnType;
  /** The PostgreSQL type as `format_type` writes it. */
  readonly sql: string;
  readonly wire: Wire;
}

const integers: Partial<Record<ColumnType["kind"], readonly [sql: string, wire: Wire]>> = {
  boolean: ["boolean", "bool"],
  int8: ["smallint", "int16"],
  int16: ["smallint", "int16"],
  int32: ["integer", "int32"],
  int64: ["bigint", "int64"],
  uint8: ["smallint", "int16"],
  uint16: ["integer", "int32"],
  uint32: ["bigint", "int64"],
  uint64: ["numeric(20,0)", "numeric"],
  float32: ["real", "float32"],
  float64: ["double precision", "float64"],
  string: ["text", "bytes"],
  binary: ["bytea", "bytes"],
  date: ["date", "date"],
  time: ["time without time zone", "time"],
};

/** The PostgreSQL type that holds a frame's type exactly, or null when there is none yet. */
export function mappingOf(type: ColumnType): Mapping | null {
  if (type.kind === "datetime") {
    const sql = type.zone === null ? "timestamp without time zone" : "timestamp with time zone";
    return { type, sql, wire: "timestamp" };
  }
  const found = integers[type.kind];
  return found ? { type, sql: found[0], wire: found[1] } : null;
}

/** @throws FidelityError naming the column and the remedy when PostgreSQL has no type for it. */
export function requireMapping(type: ColumnType, column: string, frame: string): Mapping {
  const mapping = mappingOf(type);
  if (mapping) return mapping;
  throw new FidelityError(`Column "${column}" is ${typeText(type)}, which postgres can't hold exactly (row 0 on).`, {
    storage: "postgres",
    frame,
    hint: "Turn it into one of the plain types, such as string, before saving; or save to temp, which holds every type.",
  });
}

const native: Record<string, ColumnType> = {
  boolean: { kind: "boolean" },
  smallint: { kind: "int16" },
  integer: { kind: "int32" },
  bigint: { kind: "int64" },
  oid: { kind: "int64" },
  real: { kind: "float32" },
  "double precision": { kind: "float64" },
  bytea: { kind: "binary" },
  date: { kind: "date" },
  "time without time zone": { kind: "time" },
  "timestamp without time zone": { kind: "datetime", unit: "us", zone: null },
  "timestamp with time zone": { kind: "datetime", unit: "us", zone: "UTC" },
};

/** The frame's type for a column that another program made. Types that have none here are read as their text. */
export function nativeType(sql: string): ColumnType {
  return native[baseType(sql)] ?? { kind: "string" };
}

/** A type without its precision: `timestamp(3) without time zone` is held like any other timestamp. */
export function baseType(sql: string): string {
  return sql.replace(/^(timestamp|time)\(\d\)/, "$1");
}

/** Steps that keep every value, as written in docs/postgres.md. Each type widens to those after it in its line. */
const lattice: readonly (readonly string[])[] = [
  ["smallint", "integer", "bigint", "numeric(20,0)"],
  ["real", "double precision"],
  ["date", "timestamp without time zone"],
];

/** Whether every value of the PostgreSQL type `from` fits into `to` by the lattice; a type fits into itself. */
export function widens(from: string, to: string): boolean {
  if (baseType(from) === baseType(to)) return true;
  return lattice.some((line) => line.includes(from) && line.indexOf(to) > line.indexOf(from));
}

/** Whether a value of a column can be read back as the type that was saved: the same, or one that was narrower. */
export function holds(column: string, type: ColumnType): boolean {
  const mapping = mappingOf(type);
  if (!mapping) return false;
  if (baseType(column) === mapping.sql) return true;
  // A timestamp may hold a time of day that a date would lose, so this step is not gone back.
  return mapping.sql !== "date" && widens(mapping.sql, column);
}
