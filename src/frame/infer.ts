import { describe, isRecord, misfitError, type Values } from "./column.ts";
import { fieldOf, flatten } from "./nested.ts";
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

/** One object for each kind of typed array that stands as a value, so that kinds can be compared by identity. */
const typedLists = new Map<unknown, ColumnType>(
  [...typedArrays].map(([array, item]) => [array, { kind: "list", item }] as const),
);

/** Deeper values are taken for ones that hold themselves. */
const mostLevels = 24;

/** What inference tells apart before it looks into lists and objects. */
type Kind = "float64" | "int64" | "boolean" | "string" | "datetime" | "binary" | "list" | "struct" | ColumnType;

/**
 * Finds the type of a column of which only the values are known, slice by slice. Every value is looked at; the rules stand
 * at `frame`. What was found may widen with later slices: `null` to anything, int64 to uint64, a struct by fields.
 */
export class TypeFinder {
  readonly #level: number;
  #kind: Kind | null = null;
  #least = 0n;
  #greatest = 0n;
  #items: TypeFinder | null = null;
  readonly #fields = new Map<string, TypeFinder>();

  constructor(level = 0) {
    this.#level = level;
  }

  /** @throws SchemaError for a value that has no type, or another one than those before. */
  add(column: Values): void {
    const { values } = column;
    const typed = typedArrays.get(values.constructor);
    if (typed) {
      this.#meet(column, 0, typed);
      return;
    }
    let known = this.#kind;
    for (let row = 0; row < values.length; row++) {
      const value = values[row];
      if (value === null || value === undefined) continue;
      const kind = kindOf(value);
      if (kind === null || kind !== known) {
        this.#meet(column, row, kind);
        known = kind;
      }
      if (typeof value === "bigint" && (value < this.#least || value > this.#greatest))
        this.#stretch(column, row, value);
    }
    if (this.#kind === "list") this.#addItems(column);
    if (this.#kind === "struct") this.#addFields(column);
  }

  /** The narrowest type of all values so far. */
  get type(): ColumnType {
    switch (this.#kind) {
      case null:
        return { kind: "null" };
      case "int64":
        return { kind: this.#greatest >= 2n ** 63n ? "uint64" : "int64" };
      case "datetime":
        return { kind: "datetime", unit: "ms", zone: "UTC" };
      case "list":
        return { kind: "list", item: this.#items?.type ?? { kind: "null" } };
      case "struct":
        return { kind: "struct", fields: [...this.#fields].map(([name, { type }]) => ({ name, type })) };
      default:
        return typeof this.#kind === "object" ? this.#kind : { kind: this.#kind };
    }
  }

  /** In an error, before the last values were looked into. */
  get #shown(): string {
    if (this.#kind === "list") return "lists";
    return this.#kind === "struct" ? "structs" : typeText(this.type);
  }

  #meet(column: Values, row: number, kind: Kind | null): void {
    if (kind !== null && this.#level > mostLevels) {
      throw unfit(column, row, `is nested deeper than ${mostLevels} levels, or holds itself`);
    }
    if (kind !== null && (this.#kind === null || this.#kind === kind)) {
      this.#kind = kind;
      return;
    }
    const shown = describe(column.values[row]);
    if (kind === null) throw unfit(column, row, `is ${shown}, which no column can hold`);
    throw unfit(column, row, `is ${shown}, where the values before are ${this.#shown}`);
  }

  #stretch(column: Values, row: number, value: bigint): void {
    if (value < this.#least) this.#least = value;
    else this.#greatest = value;
    if (
      this.#least < -(2n ** 63n) ||
      this.#greatest >= 2n ** 64n ||
      (this.#least < 0n && this.#greatest >= 2n ** 63n)
    ) {
      throw unfit(column, row, `is ${value}n, and together with the others it fits neither int64 nor uint64`);
    }
  }

  #addItems(column: Values): void {
    this.#items ??= new TypeFinder(this.#level + 1);
    this.#items.add(flatten(column, (value) => value as readonly unknown[]).items);
  }

  #addFields(column: Values): void {
    for (let row = 0; row < column.values.length; row++) {
      const value = column.values[row];
      if (value === null || value === undefined) continue;
      for (const name of Object.keys(value)) {
        if (!this.#fields.has(name)) this.#fields.set(name, new TypeFinder(this.#level + 1));
      }
    }
    for (const [name, field] of this.#fields) field.add(fieldOf(column, name));
  }
}

function kindOf(value: NonNullable<unknown>): Kind | null {
  switch (typeof value) {
    case "number":
      return "float64";
    case "bigint":
      return "int64";
    case "boolean":
    case "string":
      return typeof value as "boolean" | "string";
    case "object":
      if (value instanceof Date) return "datetime";
      if (value instanceof Uint8Array || value instanceof ArrayBuffer) return "binary";
      if (Array.isArray(value)) return "list";
      return typedLists.get(value.constructor) ?? (isRecord(value) ? "struct" : null);
    default:
      return null;
  }
}

function unfit(column: Values, row: number, message: string): Error {
  return misfitError(
    column,
    row,
    `${message}.`,
    "Bring the column's values to one type, or declare it: frame(rows, schema).",
  );
}
