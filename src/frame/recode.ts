import { setImmediate as nextTurn } from "node:timers/promises";
import { columnsOf, exactColumns, heightOf, lazyOf, sliceOf } from "./access.ts";
import { frame } from "./frame.ts";
import { type DataFrame, pl } from "./polars.ts";
import { records } from "./records.ts";
import { fromText, toText } from "./text-form.ts";
import { type ColumnType, typeText } from "./types.ts";

/** A column that becomes one of another type: `to` texts (`toText`), or back `from` them. */
export interface Recoding {
  readonly name: string;
  /** The column's own type, of which the texts are. */
  readonly type: ColumnType;
  readonly direction: "to texts" | "from texts";
}

/** The first value that is no text of its column's type. */
export interface Misfit {
  readonly column: string;
  readonly type: ColumnType;
  /** Counted from 0. */
  readonly row: number;
  readonly text: unknown;
  readonly cause: unknown;
}

/** Values that are recoded in one turn of the event loop: some milliseconds, of which polars' calls take a part that is the same for few values. */
const sliceCells = 8_192;

/**
 * The frame with some columns recoded, each in its place. In slices, so the event loop stays free: about 0.5 s for 1 M values.
 *
 * @param refuse makes the error for a text that is none of its column's type.
 */
export async function recodeFrame(
  df: DataFrame,
  recodings: readonly Recoding[],
  refuse: (misfit: Misfit) => Error = ({ cause }) => cause as Error,
): Promise<DataFrame> {
  if (recodings.length === 0) return df;
  const names = recodings.map(({ name }) => name);
  const parts: DataFrame[] = [];
  const sliceRows = Math.max(256, Math.floor(sliceCells / recodings.length));
  for (let at = 0; at < Math.max(heightOf(df), 1); at += sliceRows) {
    const rows = lazyOf(sliceOf(df, at, sliceRows)).select(exactColumns(names));
    parts.push(recodeSlice(records(await rows.collect()), recodings, at, refuse));
    await nextTurn();
  }
  const joined = () => pl.concat(parts.map(lazyOf), { rechunk: false, how: "vertical" }).collect();
  const recoded = parts.length === 1 ? (parts[0] as DataFrame) : await joined();
  const others = columnsOf(df).filter((name) => !names.includes(name));
  const kept = lazyOf(df).select(exactColumns(others));
  const whole = others.length === 0 ? recoded : pl.concat([await kept.collect(), recoded], { how: "horizontal" });
  return lazyOf(whole)
    .select(exactColumns(columnsOf(df)))
    .collect();
}

function recodeSlice(
  rows: readonly Record<string, unknown>[],
  recodings: readonly Recoding[],
  firstRow: number,
  refuse: (misfit: Misfit) => Error,
): DataFrame {
  const values = new Map(
    recodings.map(({ name, type, direction }) => [
      name,
      rows.map((row) => {
        const value = row[name];
        if (value === null || value === undefined) return null;
        return direction === "to texts" ? toText(type, value) : fromText(type, value as string);
      }),
    ]),
  );
  const schema = recodings.map(({ name, type, direction }) => ({
    name,
    type: direction === "to texts" ? "string" : typeText(type),
    nullable: true,
  }));
  try {
    return frame(Object.fromEntries(values), { fields: schema });
  } catch (cause) {
    throw refuse(firstMisfit(rows, recodings, firstRow, cause));
  }
}

/** Each row alone, for the error: rows of a nested column are not those of its items. */
function firstMisfit(
  rows: readonly Record<string, unknown>[],
  recodings: readonly Recoding[],
  firstRow: number,
  cause: unknown,
): Misfit {
  for (const [index, row] of rows.entries()) {
    for (const { name, type } of recodings) {
      const text = row[name];
      if (text === null || text === undefined) continue;
      try {
        frame({ value: [fromText(type, String(text))] }, { value: typeText(type) });
      } catch (reason) {
        return { column: name, type, row: firstRow + index, text, cause: reason };
      }
    }
  }
  throw cause;
}
