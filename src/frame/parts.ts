import type { Data } from "apache-arrow";
import type { FrameSchema } from "../contracts/frame-schema.ts";
import { type Column, misfit, type Values } from "./column.ts";
import { encodeColumn } from "./encode.ts";
import { TypeFinder } from "./infer.ts";
import { type ColumnType, parseType } from "./types.ts";

/** One encoded column of a frame. */
export interface Part {
  readonly name: string;
  readonly type: ColumnType;
  readonly data: Data;
}

/** Each declared column, encoded; one without values is null where the schema allows. */
export function declaredParts(
  values: ReadonlyMap<string, ArrayLike<unknown>>,
  { fields }: FrameSchema,
  height: number,
  place?: (name: string) => Column["place"],
): Part[] {
  return fields.map(({ name, type, nullable }) => {
    const column = {
      name,
      type: parseType(type),
      values: values.get(name) ?? new Array(height).fill(null),
      place: place?.(name),
    };
    if (!nullable) refuseNulls(column);
    return { name, type: column.type, data: encodeColumn(column) };
  });
}

/** A column, encoded in the type that it and what `finder` saw before have. */
export function foundPart(column: Values, finder = new TypeFinder()): Part {
  finder.add(column);
  const { type } = finder;
  return { name: column.name, type, data: encodeColumn({ ...column, type }) };
}

/** @throws SchemaError for the first null of a column that takes none. */
export function refuseNulls(column: Column): void {
  for (let row = 0; row < column.values.length; row++) {
    const value = column.values[row];
    if (value === null || value === undefined) {
      throw misfit(column, row, value, 'only a type with "?" after it takes nulls');
    }
  }
}
