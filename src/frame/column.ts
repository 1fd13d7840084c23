import { SchemaError } from "../errors.ts";
import { type ColumnType, typeText } from "./types.ts";

/** One column on its way into a frame: its values and what to call them in an error. */
export interface Column {
  readonly name: string;
  readonly type: ColumnType;
  readonly values: ArrayLike<unknown>;
}

/** The error for a value that a column can't hold exactly. */
export function misfit({ name, type }: Column, row: number, value: unknown, why?: string): SchemaError {
  return new SchemaError(
    `Row ${row} of column "${name}" is ${describe(value)}, which does not fit ${typeText(type)}${why ? `: ${why}` : ""}.`,
    { hint: "Change the value, or declare another type for the column." },
  );
}

/** A value in a few words, for errors. */
export function describe(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value.length > 60 ? `${value.slice(0, 60)}…` : value);
  if (typeof value === "bigint") return `${value}n`;
  if (value instanceof Date)
    return Number.isNaN(value.getTime()) ? "an invalid Date" : `the Date ${value.toISOString()}`;
  if (Array.isArray(value)) return "an array";
  if (ArrayBuffer.isView(value)) return `a ${value.constructor.name}`;
  if (typeof value === "object" && value !== null) return "an object";
  return Object.is(value, -0) ? "-0" : String(value);
}
