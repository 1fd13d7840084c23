import { deserialize, serialize } from "node:v8";
import type { FrameSchema } from "../../contracts/frame-schema.ts";
import { SchemaError } from "../../errors.ts";
import { frame } from "../../frame/frame.ts";
import { declaredParts } from "../../frame/parts.ts";
import type { DataFrame } from "../../frame/polars.ts";
import { columnsOfRows } from "../../frame/row-columns.ts";

/**
 * The rows of a page as bytes for the journal: an array of values for each column of the schema. They are checked as `frame` checks
 * them, without a frame being made: one for each page would cost more than reading the page.
 *
 * @throws SchemaError that names column, row and value.
 */
export function packRows(rows: readonly unknown[], schema: FrameSchema): Uint8Array {
  const columns = columnsOfRows(rows, schema);
  declaredParts(columns, schema, rows.length);
  try {
    return serialize([...columns.values()]);
  } catch (cause) {
    throw new SchemaError("A row holds something that can't be kept.", { cause });
  }
}

/** Values of one frame that is made at once: some milliseconds of work. */
const mostCells = 131_072;

/** Joins the rows of pages to frames. Where it cuts depends on the pages alone, so that the same pages give the same frames. */
export class RowCollector {
  readonly #schema: FrameSchema;
  #columns: unknown[][];
  #rows = 0;

  constructor(schema: FrameSchema) {
    this.#schema = schema;
    this.#columns = schema.fields.map(() => []);
  }

  /** Whether it is time to take the frame. */
  add(bytes: Uint8Array, count: number): boolean {
    const columns = deserialize(bytes) as unknown[][];
    for (const [index, column] of this.#columns.entries()) {
      const more = columns[index] ?? [];
      for (let at = 0; at < count; at++) column.push(more[at]);
    }
    this.#rows += count;
    return this.#rows * Math.max(1, this.#columns.length) >= mostCells;
  }

  get isEmpty(): boolean {
    return this.#rows === 0;
  }

  /** The frame of the rows so far; then it begins anew. */
  take(): DataFrame {
    const { fields } = this.#schema;
    const columns = Object.fromEntries(fields.map(({ name }, index) => [name, this.#columns[index] ?? []]));
    this.#columns = fields.map(() => []);
    this.#rows = 0;
    return frame(columns, this.#schema);
  }
}
