import { FidelityError } from "../../errors.ts";
import type { ColumnType } from "../../frame/types.ts";

/** How a value's bytes are written and read in binary COPY: copy/write-fixed.ts and copy/read-values.ts have the layouts. */
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
  | "interval"
  | "numeric"
  | "bytes"
  | "array"
  | "none";

/** How a frame's type is held by PostgreSQL. */
export interface Mapping {
  readonly type: ColumnType;
  /** The PostgreSQL type as `format_type` writes it. */
  readonly sql: string;
  readonly wire: Wire;
  /** Of the server's own type, which has this number in every database. */
  readonly oid: number;
  /** The values are JSON texts, by which every value reads back as it was. */
  readonly asJson?: boolean;
}

const plain: Partial<Record<ColumnType["kind"], readonly [sql: string, wire: Wire, oid: number]>> = {
  boolean: ["boolean", "bool", 16],
  int8: ["smallint", "int16", 21],
  int16: ["smallint", "int16", 21],
  int32: ["integer", "int32", 23],
  int64: ["bigint", "int64", 20],
  uint8: ["smallint", "int16", 21],
  uint16: ["integer", "int32", 23],
  uint32: ["bigint", "int64", 20],
  uint64: ["numeric(20,0)", "numeric", 1700],
  float32: ["real", "float32", 700],
  float64: ["double precision", "float64", 701],
  string: ["text", "bytes", 25],
  binary: ["bytea", "bytes", 17],
  date: ["date", "date", 1082],
  time: ["time without time zone", "time", 1083],
  duration: ["interval", "interval", 1186],
  categorical: ["text", "bytes", 25],
  enum: ["text", "bytes", 25],
  null: ["text", "none", 25],
};

/** Kinds whose lists are JSON: the items would not come back from an array of PostgreSQL. */
const neverItems = new Set<ColumnType["kind"]>(["categorical", "enum", "null", "list", "array", "struct"]);

/** The PostgreSQL type that holds a frame's type exactly. This is the table of docs/postgres.md. */
export function mappingOf(type: ColumnType): Mapping {
  switch (type.kind) {
    case "datetime":
      return type.zone === null
        ? { type, sql: "timestamp without time zone", wire: "timestamp", oid: 1114 }
        : { type, sql: "timestamp with time zone", wire: "timestamp", oid: 1184 };
    case "decimal":
      return { type, sql: `numeric(${type.precision},${type.scale})`, wire: "numeric", oid: 1700 };
    case "list":
    case "array": {
      if (neverItems.has(type.item.kind)) return json(type);
      return { type, sql: `${mappingOf(type.item).sql}[]`, wire: "array", oid: 0 };
    }
    default: {
      const [sql, wire, oid] = plain[type.kind] ?? [];
      return sql && wire && oid ? { type, sql, wire, oid } : json(type);
    }
  }
}

function json(type: ColumnType): Mapping {
  return { type, sql: "json", wire: "bytes", oid: 114, asJson: true };
}

const native: Record<string, ColumnType> = {
  boolean: { kind: "boolean" },
  smallint: { kind: "int16" },
  integer: { kind: "int32" },
  bigint: { kind: "int64" },
  oid: { kind: "int64" },
  real: { kind: "float32" },
  "double precision": { kind: "float64" },
  text: { kind: "string" },
  bytea: { kind: "binary" },
  date: { kind: "date" },
  "time without time zone": { kind: "time" },
  "timestamp without time zone": { kind: "datetime", unit: "us", zone: null },
  "timestamp with time zone": { kind: "datetime", unit: "us", zone: "UTC" },
};

/** The frame's type for a column that another program made. Types that have none here are read as their text. */
export function nativeType(sql: string): ColumnType {
  const base = baseType(sql);
  const item = base.endsWith("[]") ? plainType(base.slice(0, -2).replace(/^character varying.*/, "text")) : undefined;
  return (item ? { kind: "list", item } : plainType(base)) ?? { kind: "string" };
}

function plainType(sql: string): ColumnType | undefined {
  const digits = digitsOf(sql);
  return digits && digits.precision <= 38 && digits.scale >= 0 && digits.scale <= digits.precision
    ? { kind: "decimal", ...digits }
    : native[sql];
}

/** What a numeric column declares; null when it is none, or without bounds. */
function digitsOf(sql: string): { precision: number; scale: number } | null {
  const parts = /^numeric\((\d+),(-?\d+)\)$/.exec(sql);
  return parts && { precision: Number(parts[1]), scale: Number(parts[2]) };
}

/** A type without its precision: the values of `timestamp(3) without time zone` are read like those of any other timestamp. */
export function baseType(sql: string): string {
  return sql.replace(/^(timestamp|time|interval)\(\d\)/, "$1");
}

/** The type that a column needs so that no value is rounded on its way in: microseconds are six digits. */
export function unrounded(sql: string): string {
  return /^\w+\(6\)/.test(sql) ? sql : baseType(sql);
}

/** Steps that keep every value, as written in docs/postgres.md. Each type widens to those after it in its line. */
const lattice: readonly (readonly string[])[] = [
  ["smallint", "integer", "bigint"],
  ["real", "double precision"],
  ["date", "timestamp without time zone"],
];

/** Digits of the greatest value. */
const integerDigits: Record<string, number> = { smallint: 5, integer: 10, bigint: 19 };

/** Whether every value of the PostgreSQL type `from` fits into `to` by the lattice; a type fits into itself. */
export function widens(from: string, to: string): boolean {
  if (from === to || (baseType(from) === baseType(to) && unrounded(to) === to)) return true;
  if (lattice.some((line) => line.includes(from) && line.indexOf(to) > line.indexOf(from))) return true;
  const given = digitsOf(from) ?? { precision: integerDigits[from] ?? Number.NaN, scale: 0 };
  if (Number.isNaN(given.precision)) return false;
  const wanted = digitsOf(to);
  if (!wanted) return to === "numeric";
  return wanted.scale >= given.scale && wanted.precision - wanted.scale >= given.precision - given.scale;
}

/** Types that hold every text exactly, as they begin the type of an array of them too. */
const anyText = /^(character varying|(\w+\.)?citext)(?=$|\[)/;

/** Whether a value of a column can be read back as the type that was saved: the same, or one that was narrower. */
export function holds(column: string, type: ColumnType): boolean {
  const { sql } = mappingOf(type);
  if (baseType(column) === sql || column.replace(anyText, "text") === sql) return true;
  // A timestamp may hold a time of day that a date would lose, so this step is not gone back.
  return sql !== "date" && widens(sql, column);
}

/** How a column of the PostgreSQL type `sql` is read as `type`. Its `sql` says to what the column is cast, if to anything. */
export function readMapping(sql: string, type: ColumnType): Mapping {
  const wanted = mappingOf(type);
  if (baseType(sql) === wanted.sql) return wanted;
  // A text is no more than its digits, of which none may be lost.
  if (isTextual(sql) && (isInteger(type) || type.kind === "decimal"))
    return { ...wanted, sql: "numeric", wire: "numeric" };
  // A cast between numbers rounds; their own bytes are checked one by one instead.
  const wire = sql.startsWith("numeric") && !sql.endsWith("[]") ? "numeric" : numberWires[sql];
  const checked =
    wire === "float64" ? type.kind === "float32" : isInteger(type) || (type.kind === "decimal" && wire === "numeric");
  return wire && checked ? { ...wanted, sql, wire } : wanted;
}

/** Whether a value's bytes in binary COPY are its text. */
export function isTextual(sql: string): boolean {
  return /^(text|character varying|character|name|json|xml|citext)(\(\d+\))?$/.test(sql);
}

const numberWires: Record<string, Wire> = {
  smallint: "int16",
  integer: "int32",
  bigint: "int64",
  "double precision": "float64",
};

function isInteger({ kind }: ColumnType): boolean {
  return /^u?int\d+$/.test(kind);
}

/** @throws FidelityError for a key or time column that PostgreSQL can neither compare nor sort. */
export function requireOrdered(type: ColumnType, column: string, frame: string): void {
  if (!mappingOf(type).asJson) return;
  throw new FidelityError(`Column "${column}" is held as JSON, which PostgreSQL can't compare, so it can be no key.`, {
    storage: "postgres",
    frame,
    hint: "Name another column, or turn this one into a string first.",
  });
}
