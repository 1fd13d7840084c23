import { SchemaError } from "../errors.ts";
import { frame } from "./frame.ts";
import type { DataFrame, Expr, LazyDataFrame } from "./polars.ts";
import { pl } from "./polars.ts";
import { details, type FramePlace, typesOf } from "./schema.ts";
import { exactColumn } from "./time-range.ts";
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
    hint: "Cast the column, or save with mode replace.",
  });
}

/** The frame with exactly these columns, in this order: cast where the type is wider, null where it has none. */
export function conform(df: DataFrame, types: ReadonlyMap<string, ColumnType>): LazyDataFrame {
  const own = namedTypes(df);
  const changed: Expr[] = [];
  for (const [name, type] of types) {
    const was = own.get(name);
    if (was && sameType(was, type)) continue;
    const value = !was || was.kind === "null" ? nullOf(type) : exactColumn(name).cast(toPolars(type), true);
    changed.push(value.alias(name));
  }
  const lazy = changed.length === 0 ? df.lazy() : df.lazy().withColumns(...changed);
  return lazy.select([...types.keys()].map(exactColumn));
}

/** A null of any type; polars repeats it for every row. */
function nullOf(type: ColumnType): Expr {
  return pl.lit(frame({ none: [null] }, { none: `${typeText(type)}?` }).getColumn("none"));
}

function namedTypes(df: DataFrame): Map<string, ColumnType> {
  const types = typesOf(df);
  return new Map(df.columns.map((name, index) => [name, types[index] as ColumnType]));
}
