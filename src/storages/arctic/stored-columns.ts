import type { FrameSchema, TypeText } from "../../contracts/frame-schema.ts";
import { SchemaError } from "../../errors.ts";
import { parseType, sameType } from "../../frame/types.ts";

/** A column of a frame, and the type as which ArcticDB holds it. Plain JSON: it stands in a symbol's metadata. */
export interface StoredColumn {
  readonly name: string;
  /** The frame's own type. */
  readonly type: TypeText;
  readonly nullable: boolean;
  /** The type in ArcticDB: that of the frame, or the one that `planColumns` chose for it. */
  readonly stored: TypeText;
}

/** Types that ArcticDB holds as they are. */
export const asTheyAre = new Set<string>([
  ...["int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"],
  ...["float32", "float64", "boolean", "string"],
]);

/** The frame's schema. */
export function schemaOfColumns(columns: readonly StoredColumn[]): FrameSchema {
  return { fields: columns.map(({ name, type, nullable }) => ({ name, type, nullable })) };
}

/** A column that the worker reports: pyarrow's text of its type. */
export interface ArrowColumn {
  readonly name: string;
  readonly type: string;
}

const fromArrow: Record<string, TypeText> = {
  double: "float64",
  float: "float32",
  bool: "boolean",
  large_string: "string",
};

/** The type that pyarrow's text stands for, of those that ArcticDB gives. */
export function typeOfArrow(type: string): TypeText {
  const [, unit, zone] = /^timestamp\[(\w+)(?:, tz=(.+))?\]$/.exec(type) ?? [];
  if (unit !== undefined) return zone === undefined ? `datetime[${unit}]` : `datetime[${unit}, ${zone}]`;
  const text = fromArrow[type] ?? type;
  if (!asTheyAre.has(text))
    throw new SchemaError(`ArcticDB gave a column of the type ${type}, which is not known here.`);
  return text;
}

/** Columns as ArcticDB has them, for a symbol that another program wrote. */
export function foreignColumns(columns: readonly ArrowColumn[]): StoredColumn[] {
  return columns.map(({ name, type }) => ({
    name,
    type: typeOfArrow(type),
    nullable: true,
    stored: typeOfArrow(type),
  }));
}

/** Whether what was kept about a symbol still describes the columns that it has. */
export function stillFits(kept: readonly StoredColumn[], columns: readonly ArrowColumn[]): boolean {
  const types = new Map(columns.map(({ name, type }) => [name, type]));
  return (
    kept.length === columns.length &&
    kept.every(({ name, stored }) => {
      const type = types.get(name);
      return type !== undefined && sameType(parseType(stored), parseType(typeOfArrow(type)));
    })
  );
}
