import type { FrameField, FrameSchema } from "../contracts/frame-schema.ts";
import type { StandardResult, StandardSchema } from "../contracts/standard-schema.ts";
import { checkRow } from "./check-row.ts";
import { frame, type Row } from "./frame.ts";
import type { DataFrame } from "./polars.ts";
import { records } from "./records.ts";
import type { ColumnTexts, FrameOf, InputRow, OutputRow, ValidColumns } from "./row-types.ts";
import { type RowSource, rows } from "./rows.ts";
import { assertSchema, readSchema, requireFrame } from "./schema.ts";

/**
 * Columns that are declared once, for the run and for the type checker. It goes wherever a FrameSchema or a Standard Schema
 * is taken: `getData`, `saveData`, a calculator, a scraper's source, `frame` and `rows`.
 */
export interface TypedSchema<Input, Output, Frame extends DataFrame = DataFrame>
  extends FrameSchema,
    StandardSchema<Input, Output> {
  /** Gives the frame back when it has exactly these columns. @throws SchemaError that lists all differences. */
  check(df: DataFrame): Frame;
  /** A frame of rows, as `frame(rows, schema)`: of an array at once, of any other iterable in slices. */
  frame(rows: readonly Input[]): Frame;
  frame(rows: Iterable<Input> | AsyncIterable<Input>): Promise<Frame>;
  /** A frame's rows, checked. @throws as `check`. */
  records(df: DataFrame): Output[];
  /** The rows of a frame or of batches one by one, as `rows(source, schema)`. */
  rows(source: RowSource): AsyncGenerator<Output, void, undefined>;
}

/**
 * Declares the columns of a frame; `?` after a type allows nulls.
 *
 *     const prices = frameSchema({ ts: "datetime[us, UTC]", close: "float64", note: "string?" });
 *     type Price = RowOf<typeof prices>;   // { ts: string; close: number; note: string | null }
 *     const df = prices.check(await source.getData("prices", { schema: prices }));
 *
 * The types' texts are checked by the type checker, and again when the program runs. A schema that is not known before,
 * such as `schemaOf(df)`, gives one whose rows have no known types.
 *
 * @throws SchemaError for a text that is no type.
 */
export function frameSchema(schema: FrameSchema): TypedSchema<Row, Record<string, unknown>>;
export function frameSchema<const Columns extends ColumnTexts>(
  columns: Columns & ValidColumns<Columns>,
): TypedSchema<InputRow<Columns>, OutputRow<Columns>, FrameOf<Columns>>;
export function frameSchema(columns: FrameSchema | ColumnTexts): TypedSchema<Row, Record<string, unknown>> {
  return new Declared(readSchema(columns).fields);
}

type Output = Record<string, unknown>;

class Declared implements TypedSchema<Row, Output> {
  readonly fields: readonly FrameField[];

  constructor(fields: readonly FrameField[]) {
    this.fields = fields;
  }

  check(df: DataFrame): DataFrame {
    requireFrame(df);
    assertSchema(df, this);
    return df;
  }

  frame(rows: readonly Row[]): DataFrame;
  frame(rows: Iterable<Row> | AsyncIterable<Row>): Promise<DataFrame>;
  frame(rows: readonly Row[] & Iterable<Row>): DataFrame | Promise<DataFrame> {
    return frame(rows, this);
  }

  records(df: DataFrame): Output[] {
    return records(this.check(df));
  }

  rows(source: RowSource): AsyncGenerator<Output, void, undefined> {
    return rows(source, { fields: this.fields });
  }

  /** On the prototype, so that a schema written as JSON is its fields and nothing else. */
  get "~standard"(): StandardSchema<Row, Output>["~standard"] {
    return {
      version: 1,
      vendor: "millrace",
      validate: (value: unknown): StandardResult<Output> => checkRow(this, value),
    };
  }
}
