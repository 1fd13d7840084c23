import { columnsOf, exactColumn, lazyOf } from "../../frame/access.ts";
import { type DataFrame, type DataType, pl } from "../../frame/polars.ts";
import { recodeFrame } from "../../frame/recode.ts";
import { type ColumnType, typeText } from "../../frame/types.ts";
import { Misfit } from "./copy/misfit.ts";
import { mappingOf } from "./types.ts";

interface TypedColumn {
  readonly name: string;
  readonly type: ColumnType;
}

/** The frame with texts in place of what has no bytes of its own in COPY: categories, and what is held as JSON. */
export async function withoutOwnTypes(df: DataFrame, columns: readonly TypedColumn[]): Promise<DataFrame> {
  const words = columns.filter(({ type }) => isWord(type)).map(({ name }) => name);
  const texts = await cast(df, words, pl.Utf8);
  return recodeFrame(
    texts,
    columns.filter(isJson).map(({ name, type }) => ({ name, type, direction: "to texts" })),
  );
}

/**
 * The reverse, for a frame as it was decoded.
 *
 * @throws Misfit for a text that is no value of its column's type.
 */
export async function withOwnTypes(df: DataFrame, columns: readonly TypedColumn[], frame: string): Promise<DataFrame> {
  const words = columns.filter(({ type }) => type.kind === "categorical").map(({ name }) => name);
  const whole = await recodeFrame(
    df,
    columns.filter(isJson).map(({ name, type }) => ({ name, type, direction: "from texts" })),
    ({ column, row, text, type }) => {
      return new Misfit(
        column,
        row,
        `${JSON.stringify(String(text).slice(0, 60))}, which is no ${typeText(type)}`,
        frame,
      );
    },
  );
  return cast(whole, words, pl.Categorical);
}

function isWord({ kind }: ColumnType): boolean {
  return kind === "categorical" || kind === "enum";
}

function isJson({ type }: TypedColumn): boolean {
  return mappingOf(type).asJson === true;
}

async function cast(df: DataFrame, names: readonly string[], type: DataType): Promise<DataFrame> {
  if (names.length === 0) return df;
  const columns = columnsOf(df).map((name) =>
    names.includes(name) ? exactColumn(name).cast(type) : exactColumn(name),
  );
  return lazyOf(df).select(columns).collect();
}
