import { setImmediate as nextTurn } from "node:timers/promises";
import type { FrameSchema } from "../contracts/frame-schema.ts";
import type { StandardSchema } from "../contracts/standard-schema.ts";
import { heightOf, lazyOf } from "./access.ts";
import { assemble } from "./assemble.ts";
import type { Column, Place } from "./column.ts";
import { decodeColumn } from "./decode.ts";
import { encodeColumn } from "./encode.ts";
import { TypeFinder } from "./infer.ts";
import { declaredParts, foundPart, type Part } from "./parts.ts";
import { type DataFrame, pl } from "./polars.ts";
import { columnsOfRows, type Row } from "./row-columns.ts";
import { readSchema } from "./schema.ts";
import { type ColumnType, sameType } from "./types.ts";
import { isValidator, type RowSchema, validatedLater } from "./validate.ts";

/** Values of one slice: some milliseconds of work. */
const sliceCells = 65_536;
/** Rows after which a slice ends whatever they hold. */
const sliceRows = 16_384;

/** A slice whose final types are not known yet, by column. */
interface Slice {
  readonly height: number;
  readonly parts: ReadonlyMap<string, Part>;
}

/** A frame of rows that come one after the other, made in slices between which the event loop is free. */
export async function frameOfStream(
  source: Iterable<Row> | AsyncIterable<Row>,
  schema?: RowSchema,
): Promise<DataFrame> {
  return new FrameBuilder(schema).addAll(source);
}

class FrameBuilder {
  readonly #schema: FrameSchema | undefined;
  readonly #validator: StandardSchema<unknown, unknown> | undefined;
  readonly #finders = new Map<string, TypeFinder>();
  readonly #slices: Slice[] = [];
  readonly #frames: DataFrame[] = [];
  #taken: Row[] = [];
  #cells = 0;
  #rows = 0;

  constructor(schema: RowSchema | undefined) {
    if (isValidator(schema)) this.#validator = schema;
    else if (schema) this.#schema = readSchema(schema);
  }

  async addAll(source: Iterable<Row> | AsyncIterable<Row>): Promise<DataFrame> {
    // A `for await` over an iterator that is not async would wait at every row.
    if (Symbol.asyncIterator in source) {
      for await (const row of source) if (this.#take(row)) await this.#flush();
    } else {
      for (const row of source) if (this.#take(row)) await this.#flush();
    }
    await this.#flush();
    return this.#finish();
  }

  /** Whether the slice is full with this row. */
  #take(row: Row): boolean {
    this.#taken.push(row);
    this.#cells += sizeOf(row);
    return this.#cells >= sliceCells || this.#taken.length >= sliceRows;
  }

  async #flush(): Promise<void> {
    const rows = this.#taken;
    [this.#taken, this.#cells] = [[], 0];
    await this.#add(rows);
    await nextTurn();
  }

  async #add(given: readonly unknown[]): Promise<void> {
    const rows = this.#validator ? await validatedLater(given, this.#validator, this.#rows) : given;
    const first = this.#rows;
    this.#rows += rows.length;
    const values = columnsOfRows(rows, this.#schema, first);
    const placeIn =
      (name: string) =>
      (index: number): Place => ({ row: first + index, path: [name] });
    if (this.#schema) {
      this.#frames.push(assemble(declaredParts(values, this.#schema, rows.length, placeIn), rows.length));
      return;
    }
    const parts = new Map<string, Part>();
    for (const [name, found] of values) {
      const finder = this.#finders.get(name) ?? new TypeFinder();
      this.#finders.set(name, finder);
      parts.set(name, foundPart({ name, values: found, place: placeIn(name) }, finder));
    }
    this.#slices.push({ height: rows.length, parts });
  }

  async #finish(): Promise<DataFrame> {
    const types = [...this.#finders].map(([name, { type }]) => [name, type] as const);
    for (const { height, parts } of this.#slices.splice(0)) {
      const widened = types.map(([name, type]) => widen(parts.get(name), name, type, height));
      this.#frames.push(assemble(widened, height));
      await nextTurn();
    }
    const filled = this.#rows === 0 ? this.#frames : this.#frames.filter((part) => heightOf(part) > 0);
    const [only, ...others] = filled.length > 0 ? filled : this.#frames;
    if (!only) return pl.DataFrame({});
    return others.length === 0 ? only : pl.concat([only, ...others].map(lazyOf)).collect();
  }
}

/** A slice's column in the type that all slices together have. What was decoded encodes to the same again. */
function widen(part: Part | undefined, name: string, type: ColumnType, height: number): Part {
  if (part && sameType(part.type, type)) return part;
  const values: Column["values"] = part ? decodeColumn(part.type, part.data) : new Array(height).fill(null);
  return { name, type, data: encodeColumn({ name, type, values }) };
}

/** Roughly how many values a row has: lists count with their items, long texts and bytes for each 64. */
function sizeOf(row: Row): number {
  let cells = 0;
  for (const value of Object.values(row ?? {})) {
    cells++;
    if (typeof value === "string") cells += value.length >> 6;
    else if (Array.isArray(value)) cells += value.length;
    else if (ArrayBuffer.isView(value)) cells += value.byteLength >> 6;
  }
  return cells;
}
