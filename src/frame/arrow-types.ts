import type * as arrow from "apache-arrow";
import { FidelityError } from "../errors.ts";
import { arrowLibrary } from "./arrow-library.ts";
import type { ColumnType, PlainKind, TimeUnit } from "./types.ts";

/** Where polars writes an enum's categories in a field's metadata; the second name is that of older versions. */
const enumKeys = ["_PL_ENUM_VALUES2", "_PL_ENUM_VALUES"];

/**
 * The type of a column that polars wrote as an Arrow field. Arrow is the only full account of a column's type: nodejs-polars
 * itself can't name binary and enum columns and forgets the unit of durations.
 *
 * @throws FidelityError for Arrow types that millrace does not know.
 */
export function fromArrowField(field: arrow.Field): ColumnType {
  const { Type } = arrowLibrary();
  const type: arrow.DataType = field.type;
  switch (type.typeId) {
    case Type.Null:
      return { kind: "null" };
    case Type.Bool:
      return { kind: "boolean" };
    case Type.Int: {
      const { isSigned, bitWidth } = type as arrow.Int;
      return { kind: `${isSigned ? "int" : "uint"}${bitWidth as 8 | 16 | 32 | 64}` };
    }
    case Type.Float: {
      const { precision } = type as arrow.Float;
      if (precision > 0) return { kind: precision === 1 ? "float32" : "float64" };
      break;
    }
    case Type.Utf8:
    case Type.LargeUtf8:
    case Type.Utf8View:
      return { kind: "string" };
    case Type.Binary:
    case Type.LargeBinary:
    case Type.BinaryView:
      return { kind: "binary" };
    case Type.Date:
      if ((type as arrow.Date_).unit === 0) return { kind: "date" };
      break;
    case Type.Time:
      return { kind: "time" };
    case Type.Timestamp: {
      const { unit, timezone } = type as arrow.Timestamp;
      return { kind: "datetime", unit: unitOf(unit), zone: timezone || null };
    }
    case Type.Duration:
      return { kind: "duration", unit: unitOf((type as arrow.Duration).unit) };
    case Type.Decimal: {
      const { precision, scale, bitWidth } = type as arrow.Decimal;
      if (bitWidth === 128) return { kind: "decimal", precision, scale };
      break;
    }
    case Type.Dictionary: {
      const text = enumKeys.map((key) => field.metadata.get(key)).find((found) => found !== undefined);
      return text === undefined ? { kind: "categorical" } : { kind: "enum", categories: enumCategories(text) };
    }
    case Type.List:
    case Type.LargeList:
      return { kind: "list", item: fromArrowField(itemOf(type)) };
    case Type.FixedSizeList: {
      const list = type as arrow.FixedSizeList;
      return { kind: "array", item: fromArrowField(itemOf(list)), size: list.listSize };
    }
    case Type.Struct: {
      const fields = (type as arrow.Struct).children;
      return { kind: "struct", fields: fields.map((part) => ({ name: part.name, type: fromArrowField(part) })) };
    }
  }
  throw new FidelityError(`Column "${field.name}" has the type ${type}, which millrace does not know.`, {
    hint: "Cast the column to another type first.",
  });
}

/** The Arrow field that polars reads as a column of this type. */
export function toArrowField(name: string, type: ColumnType): arrow.Field {
  const lib = arrowLibrary();
  const metadata = new Map<string, string>();
  if (type.kind === "enum") metadata.set("_PL_ENUM_VALUES2", enumText(type.categories));
  if (type.kind === "categorical") metadata.set("_PL_CATEGORICAL2", "0;0;u32;");
  return new lib.Field(name, toArrowType(type), true, metadata);
}

function toArrowType(type: ColumnType): arrow.DataType {
  const lib = arrowLibrary();
  switch (type.kind) {
    case "datetime":
      return new lib.Timestamp(units.indexOf(type.unit), type.zone);
    case "duration":
      return new lib.Duration(units.indexOf(type.unit));
    case "decimal":
      return new lib.Decimal(type.scale, type.precision, 128);
    case "categorical":
    case "enum":
      return new lib.Dictionary(new lib.LargeUtf8(), new lib.Uint32());
    case "list":
      return new lib.List(toArrowField("item", type.item));
    case "array":
      return new lib.FixedSizeList(type.size, toArrowField("item", type.item));
    case "struct":
      return new lib.Struct(type.fields.map((field) => toArrowField(field.name, field.type)));
    default:
      return plainArrowType(lib, type.kind);
  }
}

function plainArrowType(lib: ReturnType<typeof arrowLibrary>, kind: Exclude<PlainKind, "categorical">): arrow.DataType {
  const make = {
    int8: lib.Int8,
    int16: lib.Int16,
    int32: lib.Int32,
    int64: lib.Int64,
    uint8: lib.Uint8,
    uint16: lib.Uint16,
    uint32: lib.Uint32,
    uint64: lib.Uint64,
    float32: lib.Float32,
    float64: lib.Float64,
    boolean: lib.Bool,
    string: lib.LargeUtf8,
    binary: lib.LargeBinary,
    date: lib.DateDay,
    time: lib.TimeNanosecond,
    null: lib.Null,
  };
  return new make[kind]();
}

function itemOf(list: arrow.DataType): arrow.Field {
  const [item] = (list.children ?? []) as arrow.Field[];
  if (!item) throw new FidelityError(`The Arrow type ${list} has no items.`);
  return item;
}

/** By the number that Arrow gives each unit; 0 is seconds, which polars turns into milliseconds. */
const units = ["s", "ms", "us", "ns"];

function unitOf(unit: number): TimeUnit {
  return units[unit] as TimeUnit;
}

/** Each category as its length in bytes, `;`, and its bytes. */
function enumText(categories: readonly string[]): string {
  return categories.map((category) => `${Buffer.byteLength(category)};${category}`).join("");
}

function enumCategories(text: string): string[] {
  const bytes = Buffer.from(text);
  const categories: string[] = [];
  for (let at = 0; at < bytes.length; ) {
    const sign = bytes.indexOf(";", at);
    const end = sign + 1 + Number(bytes.toString("latin1", at, sign));
    categories.push(bytes.toString("utf8", sign + 1, end));
    at = end;
  }
  return categories;
}
