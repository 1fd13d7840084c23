import { SchemaError } from "../errors.ts";
import { columnsOf, exactColumn, exactColumns, lazyOf } from "./access.ts";
import { frame } from "./frame.ts";
import { type DataFrame, type Expr, type LazyDataFrame, pl } from "./polars.ts";
import { details, type FramePlace, typesOf } from "./schema.ts";
import { type ColumnType, sameType, toPolars, typeText } from "./types.ts";
import { widerType } from "./widen.ts";

/**
 * The columns that hold both frames: those of `old`, then the new ones of `next`, each in the type that loses nothing.
 *
 * @throws SchemaError that lists every column whose types have no such type.
 */
export function sharedTypes(old: DataFrame, next: DataFrame, place: FramePlace = {}): Map<string, ColumnType> {
  const shared = namedTypes(old);
  const problems: string[] = [];
  for (const [name, type] of namedTypes(next)) {
    const was = shared.get(name);
    const wider = was ? widerType(was, type) : type;
    if (wider) shared.set(name, wider);
    else problems.push(`"${name}" is ${was && typeText(was)} there and ${typeText(type)} in the frame`);
  }
  if (problems.length === 0) return shared;
  throw new SchemaError(`The frame does not fit what stands there: ${problems.join("; ")}.`, {
    ...details(place),
    hint: "Declare the column's type where the frame is made or read (`schema`), or save with mode replace.",
  });
}

/**
 * The frame with exactly these columns, in this order: cast where the type is wider, null where it has none. Nulls come by a
 * cross join with one row of them, because nodejs-polars has no literal of type binary or enum.
 */
export function conform(df: DataFrame, types: ReadonlyMap<string, ColumnType>): LazyDataFrame {
  const own = namedTypes(df);
  const casts: Expr[] = [];
  const missing: [string, ColumnType][] = [];
  for (const [name, type] of types) {
    const was = own.get(name);
    if (was && sameType(was, type)) continue;
    if (!was || was.kind === "null") missing.push([name, type]);
    else casts.push(exactColumn(name).cast(toPolars(type), true).alias(name));
  }
  let lazy = lazyOf(df);
  if (casts.length > 0) lazy = lazy.withColumns(...casts);
  if (missing.length > 0) {
    const nulls = rowOfNulls(missing);
    const kept = columnsOf(df).filter((name) => !missing.some(([other]) => other === name));
    // The row number keeps the height of a frame of which no column is left.
    const numbered = lazy.withRowIndex(freeName(types)).select([pl.col(freeName(types)), ...exactColumns(kept)]);
    lazy = own.size === 0 ? lazyOf(nulls).head(0) : numbered.join(lazyOf(nulls), { how: "cross" });
  }
  return lazy.select(exactColumns([...types.keys()]));
}

function rowOfNulls(columns: readonly [string, ColumnType][]): DataFrame {
  const schema = columns.map(([name, type]) => ({ name, type: typeText(type), nullable: true }));
  return frame([{}], { fields: schema });
}

/** A column name that none of these has. */
function freeName(taken: ReadonlyMap<string, unknown>): string {
  let name = "millrace row";
  while (taken.has(name)) name += "'";
  return name;
}

function namedTypes(df: DataFrame): Map<string, ColumnType> {
  const types = typesOf(df);
  return new Map(columnsOf(df).map((name, index) => [name, types[index] as ColumnType]));
}
