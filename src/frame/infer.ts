import { SchemaError } from "../errors.ts";
import { describe } from "./column.ts";
import { type ColumnType, typeText } from "./types.ts";

const typedArrays = new Map<unknown, ColumnType>([
  [Int8Array, { kind: "int8" }],
  [Int16Array, { kind: "int16" }],
  [Int32Array, { kind: "int32" }],
  [BigInt64Array, { kind: "int64" }],
  [Uint8Array, { kind: "uint8" }],
  [Uint8ClampedArray, { kind: "uint8" }],
  [Uint16Array, { kind: "uint16" }],
  [Uint32Array, { kind: "uint32" }],
  [BigUint64Array, { kind: "uint64" }],
  [Float32Array, { kind: "float32" }],
  [Float64Array, { kind: "float64" }],
]);

/** The type of a column of which only the values are known; every value is looked at. The rules stand at `frame`. */
export function inferType(name: string, values: ArrayLike<unknown>): ColumnType {
  const typed = typedArrays.get(values.constructor);
  if (typed) return typed;
  let found: ColumnType | null = null;
  let least = 0n;
  let greatest = 0n;
  for (let row = 0; row < values.length; row++) {
    const value = values[row];
    if (value === null || value === undefined) continue;
    const type = typeOfValue(value);
    if (!type) throw unfit(name, row, value, "which a column takes only with a declared type");
    if (found && typeText(found) !== typeText(type)) {
      throw unfit(name, row, value, `where the rows before hold ${typeText(found)}`);
    }
    found = type;
    if (typeof value === "bigint") {
      if (value < least) least = value;
      if (value > greatest) greatest = value;
      if (least < -(2n ** 63n) || greatest >= 2n ** 64n || (least < 0n && greatest >= 2n ** 63n)) {
        throw unfit(name, row, value, "and together with the others it fits neither int64 nor uint64");
      }
    }
  }
  if (greatest >= 2n ** 63n) return { kind: "uint64" };
  return found ?? { kind: "null" };
}

function typeOfValue(value: unknown): ColumnType | null {
  switch (typeof value) {
    case "number":
      return { kind: "float64" };
    case "bigint":
      return { kind: "int64" };
    case "boolean":
      return { kind: "boolean" };
    case "string":
      return { kind: "string" };
    default:
      if (value instanceof Date) return { kind: "datetime", unit: "ms", zone: "UTC" };
      return value instanceof Uint8Array ? { kind: "binary" } : null;
  }
}

function unfit(name: string, row: number, value: unknown, why: string): SchemaError {
  return new SchemaError(`Row ${row} of column "${name}" is ${describe(value)}, ${why}.`, {
    hint: "Bring the column's values to one type, or declare it: frame(rows, schema).",
  });
}
