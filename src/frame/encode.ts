import type { Data } from "apache-arrow";
import { arrowLibrary } from "./arrow-library.ts";
import { toArrowField } from "./arrow-types.ts";
import { type Column, misfit } from "./column.ts";
import { encodeList, encodeStruct } from "./encode-nested.ts";
import {
  encodeBooleans,
  encodeDecimals,
  encodeFloats,
  encodeIntegers,
  encodeSmall,
  encodeWide,
} from "./encode-numbers.ts";
import { encodeBinary, encodeCategories, encodeTexts } from "./encode-text.ts";
import { encodeDays, encodeTicks } from "./encode-time.ts";
import { toDuration, toTime } from "./values-time.ts";

/**
 * A column as Arrow data, each value exactly.
 *
 * @throws SchemaError for the first value that does not fit, with its row.
 */
export function encodeColumn(column: Column): Data {
  const buffers = encodeBuffers(column);
  const { type } = toArrowField(column.name, column.type);
  return arrowLibrary().makeData({ type, length: column.values.length, ...buffers } as Parameters<typeof makeAny>[0]);
}

declare function makeAny(props: { type: import("apache-arrow").Null; length: number }): Data;

function encodeBuffers(column: Column): object {
  const { type, values } = column;
  switch (type.kind) {
    case "null":
      for (let row = 0; row < values.length; row++) {
        const value = values[row];
        if (value !== null && value !== undefined) throw misfit(column, row, value);
      }
      return {};
    case "boolean":
      return encodeBooleans(column);
    case "int8":
    case "int16":
    case "int32":
    case "uint8":
    case "uint16":
    case "uint32":
      return encodeSmall(column, type.kind);
    case "int64":
    case "uint64":
      return encodeIntegers(column, type.kind);
    case "float32":
    case "float64":
      return encodeFloats(column, type.kind);
    case "date":
      return encodeDays(column);
    case "time":
      return encodeWide(column, toTime);
    case "datetime":
      return encodeTicks(column, type.unit, type.zone);
    case "duration":
      return encodeWide(column, toDuration);
    case "decimal":
      return encodeDecimals(column, type.scale);
    case "string":
      return encodeTexts(column);
    case "binary":
      return encodeBinary(column);
    case "categorical":
      return encodeCategories(column, null);
    case "enum":
      return encodeCategories(column, type.categories);
    case "list":
      return encodeList(column, type.item);
    case "array":
      return encodeList(column, type.item, type.size);
    case "struct":
      return encodeStruct(column, type.fields);
  }
}
