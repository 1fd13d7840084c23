import type { TypeText } from "../contracts/frame-schema.ts";
import { FidelityError, SchemaError } from "../errors.ts";
import { type DataType, pl } from "./polars.ts";
import { TypeParser } from "./type-parser.ts";

/** Types without parameters, by the name that stands in a type's text. */
export const plainKinds = [
  "int8",
  "int16",
  "int32",
  "int64",
  "uint8",
  "uint16",
  "uint32",
  "uint64",
  "float32",
  "float64",
  "boolean",
  "string",
  "binary",
  "date",
  "time",
  "null",
  "categorical",
] as const;

export type PlainKind = (typeof plainKinds)[number];

export type TimeUnit = "ms" | "us" | "ns";

/** Any type that a column can have. `datetime` without a zone is a wall clock; `zone` is an IANA name. */
export type ColumnType =
  | { readonly kind: PlainKind }
  | { readonly kind: "datetime"; readonly unit: TimeUnit; readonly zone: string | null }
  | { readonly kind: "duration"; readonly unit: TimeUnit }
  | { readonly kind: "decimal"; readonly precision: number; readonly scale: number }
  | { readonly kind: "enum"; readonly categories: readonly string[] }
  | { readonly kind: "list"; readonly item: ColumnType }
  | { readonly kind: "array"; readonly item: ColumnType; readonly size: number }
  | { readonly kind: "struct"; readonly fields: readonly { readonly name: string; readonly type: ColumnType }[] };

/**
 * Reads a type's text. The grammar:
 *
 *     type     = plain | datetime | duration | decimal | enum | list | array | struct
 *     plain    = "int8" | "int16" | "int32" | "int64" | "uint8" | "uint16" | "uint32" | "uint64" | "float32" | "float64"
 *              | "boolean" | "string" | "binary" | "date" | "time" | "null" | "categorical"
 *     datetime = "datetime[" unit [", " zone] "]"          datetime[us]   datetime[ns, Europe/Berlin]
 *     duration = "duration[" unit "]"
 *     unit     = "ms" | "us" | "ns"
 *     decimal  = "decimal(" precision ", " scale ")"       decimal(12, 2)
 *     enum     = "enum[" [text {"," text}] "]"             enum["low","high"]; each text as in JSON
 *     list     = "list[" type "]"
 *     array    = "array[" type ", " size "]"               lists that all have the same length
 *     struct   = "struct{" [text ": " type {", " text ": " type}] "}"
 *
 * Spaces may stand between any two parts; `typeText` writes them as above.
 *
 * @throws SchemaError when the text is none of these; the message shows where.
 */
export function parseType(text: TypeText): ColumnType {
  return new TypeParser(text).parse();
}

/** The text of a type; `parseType` reads it back to an equal type. */
export function typeText(type: ColumnType): TypeText {
  switch (type.kind) {
    case "datetime":
      return type.zone === null ? `datetime[${type.unit}]` : `datetime[${type.unit}, ${type.zone}]`;
    case "duration":
      return `duration[${type.unit}]`;
    case "decimal":
      return `decimal(${type.precision}, ${type.scale})`;
    case "enum":
      return `enum[${type.categories.map((category) => JSON.stringify(category)).join(",")}]`;
    case "list":
      return `list[${typeText(type.item)}]`;
    case "array":
      return `array[${typeText(type.item)}, ${type.size}]`;
    case "struct":
      return `struct{${type.fields.map((field) => `${JSON.stringify(field.name)}: ${typeText(field.type)}`).join(", ")}}`;
    default:
      return type.kind;
  }
}

/** Whether two types are the same in every part. */
export function sameType(a: ColumnType, b: ColumnType): boolean {
  return typeText(a) === typeText(b);
}

const fromPlain: Record<string, PlainKind> = {
  Int8: "int8",
  Int16: "int16",
  Int32: "int32",
  Int64: "int64",
  UInt8: "uint8",
  UInt16: "uint16",
  UInt32: "uint32",
  UInt64: "uint64",
  Float32: "float32",
  Float64: "float64",
  Bool: "boolean",
  String: "string",
  Utf8: "string",
  Date: "date",
  Time: "time",
  Null: "null",
  Categorical: "categorical",
};

/**
 * The type that a polars dtype stands for. nodejs-polars gives no dtype for binary and enum columns, and shows every duration
 * as milliseconds; so ask `schemaOf` for the types of a frame, and this only for dtypes that were made by hand.
 *
 * @throws FidelityError for a dtype that millrace does not know (`Object`).
 */
export function fromPolars(dtype: DataType): ColumnType {
  const inner: readonly unknown[] = Reflect.get(dtype, "inner") ?? [];
  switch (dtype.variant) {
    case "Datetime":
      return { kind: "datetime", unit: inner[0] as TimeUnit, zone: (inner[1] as string | null | undefined) || null };
    case "Duration":
      return { kind: "duration", unit: inner[0] as TimeUnit };
    case "Decimal":
      return { kind: "decimal", precision: (inner[0] as number | null) ?? 38, scale: (inner[1] as number | null) ?? 0 };
    case "List":
      return { kind: "list", item: fromPolars(inner[0] as DataType) };
    case "FixedSizeList":
      return { kind: "array", item: fromPolars(inner[0] as DataType), size: inner[1] as number };
    case "Struct": {
      const fields = inner as readonly { name: string; dtype: DataType }[];
      return { kind: "struct", fields: fields.map((field) => ({ name: field.name, type: fromPolars(field.dtype) })) };
    }
    default: {
      const kind = fromPlain[dtype.variant];
      if (!kind) throw new FidelityError(`Columns of the polars type ${dtype.variant} can't be held.`);
      return { kind };
    }
  }
}

/**
 * The polars dtype of a type, as `cast` takes it.
 *
 * @throws FidelityError for binary and enum, of which nodejs-polars has no dtype; `frame()` makes such columns.
 */
export function toPolars(type: ColumnType): DataType {
  switch (type.kind) {
    case "datetime":
      return pl.Datetime(type.unit, type.zone);
    case "duration":
      return pl.Duration(type.unit);
    case "decimal":
      return pl.Decimal(type.precision, type.scale);
    case "list":
      return pl.List(toPolars(type.item));
    case "array":
      return pl.FixedSizeList(toPolars(type.item), type.size);
    case "struct":
      return pl.Struct(type.fields.map((field) => new pl.Field(field.name, toPolars(field.type))));
    case "binary":
    case "enum":
      throw new FidelityError(`nodejs-polars has no dtype for ${type.kind} columns.`, {
        hint: "Make the column with frame(rows, schema).",
      });
    default: {
      const [variant] = Object.entries(fromPlain).find(([, kind]) => kind === type.kind) ?? [];
      if (!variant) throw new SchemaError(`There is no type "${type.kind}".`);
      return pl[variant as "Int8"];
    }
  }
}
