import type { TypeText } from "../../contracts/frame-schema.ts";
import { exactColumn, exactColumns } from "../../frame/access.ts";
import { type Expr, type LazyDataFrame, pl } from "../../frame/polars.ts";
import { parseType, sameType, toPolars } from "../../frame/types.ts";
import type { StoredColumn } from "./stored-columns.ts";

/** A column that becomes one of another type. */
export interface Cast {
  readonly name: string;
  readonly from: TypeText;
  readonly to: TypeText;
}

/** The last answers by what they are made of. Making polars' expressions takes longer than reading a small frame. */
function remembered<Input, Output>(make: (input: Input) => Output): (input: Input) => Output {
  const known = new Map<string, Output>();
  return (input) => {
    const key = JSON.stringify(input);
    const found = known.get(key);
    if (found !== undefined) return found;
    const made = make(input);
    known.set(key, made);
    const [oldest] = known.keys();
    if (known.size > 32 && oldest !== undefined) known.delete(oldest);
    return made;
  };
}

/** All that become one type are cast by one expression: one for each of a thousand would take a second. */
const castsOf = remembered((columns: readonly Cast[]): Expr[] =>
  [...Map.groupBy(columns, ({ to }) => to)].flatMap(([to, group]) =>
    exactColumns(group.map(({ name }) => name)).map((column) => column.cast(toPolars(parseType(to)))),
  ),
);

const orderOf = remembered((names: readonly string[]): Expr[] => exactColumns(names));

/** These columns, in this order, given those that are `present`. */
export function castColumns(
  lazy: LazyDataFrame,
  columns: readonly Cast[],
  { recoded, present }: { recoded: ReadonlySet<string>; present?: readonly string[] },
): LazyDataFrame {
  const changed = columns.filter(({ from, to }) => {
    const [own, target] = [parseType(from), parseType(to)];
    return !recoded.has(own.kind) && !recoded.has(target.kind) && !sameType(own, target);
  });
  const cast = changed.length === 0 ? lazy : lazy.withColumns(...castsOf(changed));
  const names = columns.map(({ name }) => name);
  const inPlace = present?.length === names.length && present.every((name, at) => name === names[at]);
  return inPlace ? cast : cast.select(orderOf(names));
}

const dayEnd = "86399999999999";

/** True where a stored value is none of its column's type; one check for each column where that can be. */
const misfitsOf = remembered((columns: readonly StoredColumn[]): Expr[] =>
  columns
    .flatMap(({ name, type, stored }) => {
      const [own, kept] = [parseType(type), parseType(stored)];
      if (own.kind === "time") {
        const value = exactColumn(name);
        return [value.lt(pl.lit(0)).or(value.gt(pl.lit(dayEnd).cast(pl.Int64)))];
      }
      if (kept.kind !== "datetime" || sameType(own, kept)) return [];
      const value = exactColumn(name);
      return [value.cast(toPolars(own)).cast(toPolars(kept)).neq(value)];
    })
    .map((check, index) => check.any().alias(String(index))),
);

/**
 * Whether a stored value is none of its column's type: another program wrote it, and kept the metadata of an earlier version.
 * Texts are looked at where they are recoded.
 */
export async function hasMisfit(stored: LazyDataFrame, columns: readonly StoredColumn[]): Promise<boolean> {
  const checks = misfitsOf(columns);
  if (checks.length === 0) return false;
  const found = await stored.select(...checks).collect();
  return found.row(0).includes(true);
}
