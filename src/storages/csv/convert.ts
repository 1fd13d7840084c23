import type { FrameField, FrameSchema } from "../../contracts/frame-schema.ts";
import { SchemaError } from "../../errors.ts";
import { type DataFrame, type Expr, pl } from "../../frame/polars.ts";
import { recodeFrame } from "../../frame/recode.ts";
import { type CsvColumn, csvColumn } from "./column-types.ts";
import type { Texts } from "./texts.ts";

/** A column to be read. `written`: its texts have the one form in which millrace writes that type, and need no second look. */
export interface FoundField extends FrameField {
  readonly written: boolean;
}

/** How to turn texts into values. */
export interface Conversion {
  fields: readonly FoundField[];
  /** Name of the frame, for errors. */
  frame: string;
}

/**
 * The values of texts, by the types of `fields`. No value is turned into null: one that does not fit is refused.
 *
 * @throws SchemaError naming row, column and value.
 */
export async function convertTexts({ frame: texts, columns }: Texts, conversion: Conversion): Promise<DataFrame> {
  const { fields, frame } = conversion;
  const parts = columns.map(({ id }, i) => {
    const { written, ...field } = fields[i] as FoundField;
    const column = csvColumn(field);
    return { id, column, written, value: decoded(pl.col(id), column, written) };
  });
  const values = await texts
    .lazy()
    .select(...parts.map(({ id, value }) => value.alias(id)))
    .collect();
  for (const { id, column, value, written } of parts) {
    await requireValues(values, id, column.field, frame);
    if (column.type.kind === "string") continue;
    if (values.getColumn(id).nullCount() === texts.getColumn(id).nullCount()) continue;
    const bad = await firstMisfit(texts, id, column, value, written);
    if (bad) throw misfit(frame, column.field, bad);
  }
  const recodings = parts.flatMap(({ id, column }) => column.recoding("from texts", id));
  const whole = await recodeFrame(values, recodings, ({ column, row, text }) => {
    const field = parts.find(({ id }) => id === column)?.column.field as FrameField;
    return misfit(frame, field, { row: row + 1, value: String(text) });
  });
  whole.columns = columns.map(({ name }) => name);
  return whole;
}

/** A column that was declared without nulls has none. */
async function requireValues(
  values: DataFrame,
  id: string,
  { name, nullable }: FrameField,
  frame: string,
): Promise<void> {
  if (nullable || values.getColumn(id).nullCount() === 0) return;
  const nulls = await values
    .lazy()
    .withRowIndex("row")
    .filter(pl.col(id).isNull())
    .select(pl.col("row"))
    .head(1)
    .collect();
  throw new SchemaError(
    `Row ${Number(nulls.getColumn("row").toArray()[0]) + 1} of ${frame} has nothing in column "${name}", which may not be null.`,
    { storage: "csv", frame, hint: "Mend the file, or declare the column as nullable." },
  );
}

/** The types that were declared, in place of those that were kept or found. */
export function declaredFields(
  fields: readonly FoundField[],
  declared: FrameSchema | undefined,
  frame: string,
): FoundField[] {
  const missing = declared?.fields.find(({ name }) => !fields.some((field) => field.name === name));
  if (missing) {
    throw new SchemaError(`The schema declares the column "${missing.name}", which ${frame} does not have.`, {
      storage: "csv",
      frame,
      hint: `It has: ${fields.map(({ name }) => name).join(", ")}.`,
    });
  }
  return fields.map((found) => {
    const field = declared?.fields.find(({ name }) => name === found.name) ?? found;
    return { ...field, written: found.written && field.type === found.type };
  });
}

/** In a file of another program `""` is how some write "nothing"; a declared column that may be null takes it so. */
function decoded(text: Expr, column: CsvColumn, written: boolean): Expr {
  return column.decode(isEmptyNull(column, written) ? emptyToNull(text) : text, written);
}

function isEmptyNull(column: CsvColumn, written: boolean): boolean {
  return !written && column.field.nullable && column.type.kind !== "string";
}

function emptyToNull(text: Expr): Expr {
  return pl
    .when(text.eq(pl.lit("")))
    .then(pl.lit(null))
    .otherwise(text)
    .cast(pl.String);
}

async function firstMisfit(texts: DataFrame, id: string, column: CsvColumn, value: Expr, written: boolean) {
  const given = isEmptyNull(column, written) ? emptyToNull(pl.col(id)) : pl.col(id);
  const rows = await texts
    .lazy()
    .withRowIndex("row")
    .filter(given.isNotNull().and(value.isNull()))
    .select(pl.col("row"), pl.col(id))
    .head(1)
    .collect();
  if (rows.height === 0) return null;
  return { row: Number(rows.getColumn("row").toArray()[0]) + 1, value: String(rows.getColumn(id).toArray()[0]) };
}

function misfit(frame: string, field: FrameField, { row, value }: { row: number; value: string }): SchemaError {
  const shown = JSON.stringify(value.length > 60 ? `${value.slice(0, 60)}…` : value);
  return new SchemaError(`Row ${row} of ${frame} has ${shown} in column "${field.name}", which is no ${field.type}.`, {
    storage: "csv",
    frame,
    hint: "Mend the value in the file, or declare the column as string.",
  });
}
