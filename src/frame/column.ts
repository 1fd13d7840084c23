import { SchemaError } from "../errors.ts";
import { type ColumnType, typeText } from "./types.ts";

/** Values on their way into a frame, and what to call them in an error. */
export interface Values {
  readonly name: string;
  readonly values: ArrayLike<unknown>;
  /** Where a value stands in the frame; without it, at its own index in the column `name`. */
  readonly place?: ((index: number) => Place) | undefined;
}

/** Values with the type that they have to fit. */
export interface Column extends Values {
  readonly type: ColumnType;
}

/** A row, and the way to a value in it: the column, then list positions and field names. */
export interface Place {
  readonly row: number;
  readonly path: readonly PropertyKey[];
}

/** A SchemaError that knows the place of its value, and what is wrong there apart from the place. */
export class MisfitError extends SchemaError {
  readonly place: Place;
  readonly problem: string;

  constructor(place: Place, problem: string, hint: string) {
    super(`Row ${place.row} of column "${pathText(place.path)}" ${problem}`, { hint });
    this.place = place;
    this.problem = problem;
  }
}

/** The error for a value that a column can't hold exactly. */
export function misfit(column: Column, index: number, value: unknown, why?: string): MisfitError {
  return misfitError(
    column,
    index,
    `is ${describe(value)}, which does not fit ${typeText(column.type)}${why ? `: ${why}` : ""}.`,
    "Change the value, or declare another type for the column.",
  );
}

/** The error `Row 3 of column "a[0].b" …`. */
export function misfitError(values: Values, index: number, problem: string, hint: string): MisfitError {
  return new MisfitError(placeOf(values, index), problem, hint);
}

export function placeOf({ name, place }: Values, index: number): Place {
  return place ? place(index) : { row: index, path: [name] };
}

/** `a[0].b` */
export function pathText([column = "", ...parts]: readonly PropertyKey[]): string {
  return parts.reduce<string>(
    (text, part) => (typeof part === "number" ? `${text}[${part}]` : `${text}.${String(part)}`),
    String(column),
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
  if (typeof value === "object" && value !== null) {
    const tag = Object.prototype.toString.call(value).slice(8, -1);
    return tag === "Object" ? "an object" : `an object of the kind ${tag}`;
  }
  return Object.is(value, -0) ? "-0" : String(value);
}

/** Whether a value has columns or fields: a plain object or a user's own class, and no Map, Date, array and the like. */
export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  if (typeof value !== "object" || value === null) return false;
  const kind = Object.getPrototypeOf(value);
  return kind === Object.prototype || kind === null || Object.prototype.toString.call(value) === "[object Object]";
}
