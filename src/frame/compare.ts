import { setImmediate as nextTurn } from "node:timers/promises";
import { inspect, isDeepStrictEqual } from "node:util";
import { exactColumn, exactColumns, heightOf, isSame, lazyOf } from "./access.ts";
import { type DataFrame, type Expr, pl } from "./polars.ts";
import { records } from "./records.ts";
import { schemaOf } from "./schema.ts";

/** The first thing in which two frames differ. Rows count from 0, in the order of the comparison. */
export interface FrameDifference {
  /** Whether names, order or types of columns differ, the number of rows, or a value. */
  readonly in: "columns" | "rows" | "values";
  /** What differs, in one sentence. */
  readonly message: string;
  /** The column's name, where values differ. */
  readonly column?: string;
  /** The row's number, from 0, where values differ. */
  readonly row?: number;
}

/** In which order rows are compared. Default: as they stand. */
export interface CompareOptions {
  /** Sorts both by these columns first; they have to be unique, else rows with one key may be paired wrongly. */
  key?: readonly string[] | undefined;
  /** Compares the rows as a bag: sorts both by all columns first. */
  anyOrder?: boolean | undefined;
}

/**
 * Compares two frames by every bit that counts: columns, their order and dtypes, rows, nulls, values. NaN equals NaN, and
 * -0 differs from 0. Runs on polars' own threads. Resolves with the first difference, or with null.
 */
export async function compareFrames(
  left: DataFrame,
  right: DataFrame,
  { key, anyOrder = false }: CompareOptions = {},
): Promise<FrameDifference | null> {
  const [columnsLeft, columnsRight] = [columnsOf(left), columnsOf(right)];
  const column = columnsLeft.findIndex((text, index) => text !== columnsRight[index]);
  if (column >= 0 || columnsLeft.length !== columnsRight.length) {
    const at = column >= 0 ? column : columnsLeft.length;
    const [a, b] = [columnsLeft[at] ?? "none", columnsRight[at] ?? "none"];
    return { in: "columns", message: `Column ${at + 1} is ${a} in one and ${b} in the other.` };
  }
  if (heightOf(left) !== heightOf(right)) {
    return { in: "rows", message: `One has ${heightOf(left)} rows, the other ${heightOf(right)}.` };
  }
  if (heightOf(left) === 0) return null;
  const types = new Map(schemaOf(left).fields.map(({ name, type }) => [name, type]));
  const order = key ?? (anyOrder ? [...types.keys()] : []);
  const sortable = order.filter((name) => !isNested(types.get(name) ?? ""));
  const [a, b] = [await sorted(left, sortable, types), await sorted(right, sortable, types)];
  const plain = new Map([...types].filter(([, type]) => !isNested(type)));
  const flat = await firstDifference(a, b, plain);
  const nested = await nestedDifference(a, b, types);
  return flat && (!nested || (flat.row ?? 0) <= (nested.row ?? 0)) ? flat : nested;
}

type Types = ReadonlyMap<string, string>;

/** Cells up to which two frames are compared in one turn of the event loop. */
const fewCells = 1 << 18;

/** Whether small frames of plain columns are equal. Much quicker for many columns than an expression for each. */
function isEqual(left: DataFrame, right: DataFrame, types: Types): boolean {
  if (heightOf(left) * types.size > fewCells) return false;
  const names = [...types.keys()];
  const floats = names.filter((name) => isFloat(types.get(name) ?? ""));
  const views = (frame: DataFrame) => {
    const [lazy, zeros] = [lazyOf(frame), exactColumns(floats)];
    return [
      lazy.select(exactColumns(names)),
      lazy.select(exactColumns(names).map((column) => column.isNull())),
      lazy.select(zeros.map(isNegativeZero)),
    ].map((view) => view.collectSync());
  };
  const others = views(right);
  return views(left).every((view, at) => isSame(view, others[at] as DataFrame));
}

/** Columns whose differences are looked for at once. Each has some expressions of its own, which polars is slow to take. */
const columnsAtOnce = 64;

async function firstDifference(left: DataFrame, right: DataFrame, types: Types): Promise<FrameDifference | null> {
  if (isEqual(left, right, types)) return null;
  const names = [...types.keys()];
  let first: FrameDifference | null = null;
  for (let at = 0; at < names.length; at += columnsAtOnce) {
    const part = new Map(names.slice(at, at + columnsAtOnce).map((name) => [name, types.get(name) ?? ""]));
    const found = isEqual(left, right, part) ? null : await firstOfColumns(left, right, part);
    if (found && (!first || (found.row ?? 0) < (first.row ?? 0))) first = found;
  }
  return first;
}

async function firstOfColumns(left: DataFrame, right: DataFrame, types: Types): Promise<FrameDifference | null> {
  const names = [...types.keys()];
  // By position: whatever the columns are called, these names are free.
  const side = (frame: DataFrame, prefix: string) =>
    lazyOf(frame)
      .select(names.map((name, at) => exactColumn(name).alias(`${prefix}${at}`)))
      .collect();
  const both = pl.concat([await side(left, "l"), await side(right, "r")], { how: "horizontal" });
  const differs = names.map((name, at) =>
    differ(pl.col(`l${at}`), pl.col(`r${at}`), types.get(name) ?? "").alias(`d${at}`),
  );
  const found = await both
    .lazy()
    .select(...differs)
    .withRowIndex("row")
    .filter(names.map((_, at) => pl.col(`d${at}`)).reduce((any, one) => any.or(one)))
    .limit(1)
    .collect();
  if (found.height === 0) return null;
  const row = Number(found.getColumn("row").toArray()[0]);
  const at = names.findIndex((_, index) => found.getColumn(`d${index}`).toArray()[0] === true);
  const column = names[at] ?? "";
  const [one = {}] = records(both.slice(row, 1).select(`l${at}`, `r${at}`));
  const shown = (prefix: string) => inspect(one[`${prefix}${at}`], { breakLength: Number.POSITIVE_INFINITY });
  return {
    in: "values",
    message: `Row ${row} of column "${column}" is ${shown("l")} in one and ${shown("r")} in the other.`,
    column,
    row,
  };
}

/** True where two columns of a plain type differ: in nullness, in value, or in the sign of a zero. Polars takes NaN for equal to NaN. */
export function differ(a: Expr, b: Expr, type: string): Expr {
  const nullness = a.isNull().neq(b.isNull());
  const value = a.neq(b).fillNull(pl.lit(false));
  if (!isFloat(type)) return nullness.or(value);
  return nullness.or(value).or(isNegativeZero(a).neq(isNegativeZero(b)).fillNull(pl.lit(false)));
}

/** 1 / -0 is -Infinity. */
export function isNegativeZero(value: Expr): Expr {
  return value.eq(pl.lit(0)).and(pl.lit(1).div(value).lt(pl.lit(0)));
}

/** Sorted by the columns; zeros of either sign also by their sign, so that equal bags get equal orders. */
async function sorted(frame: DataFrame, columns: readonly string[], types: Types): Promise<DataFrame> {
  if (columns.length === 0) return frame;
  const order = columns.flatMap((name) => {
    const type = types.get(name) ?? "";
    return isFloat(type) ? [exactColumn(name), isNegativeZero(exactColumn(name)).cast(pl.Int8)] : [exactColumn(name)];
  });
  return lazyOf(frame).sort(order).collect();
}

/** Lists, arrays and structs, value by value in slices: polars takes an empty list for null, and -0 for 0, inside them. */
async function nestedDifference(left: DataFrame, right: DataFrame, types: Types): Promise<FrameDifference | null> {
  const names = [...types].filter(([, type]) => isNested(type)).map(([name]) => name);
  for (let at = 0; names.length > 0 && at < heightOf(left); at += 4_096) {
    const part = (frame: DataFrame) =>
      records(lazyOf(frame).slice(at, 4_096).select(exactColumns(names)).collectSync());
    const [a, b] = [part(left), part(right)];
    for (const [row, one] of a.entries()) {
      const column = names.find((name) => !isDeepStrictEqual(one[name], b[row]?.[name]));
      if (column === undefined) continue;
      return { in: "values", message: `Row ${at + row} of column "${column}" differs.`, column, row: at + row };
    }
    await nextTurn();
  }
  return null;
}

/** Whether the type holds other types. */
export function isNested(type: string): boolean {
  return /^(list|array|struct)/.test(type);
}

export function isFloat(type: string): boolean {
  return type === "float32" || type === "float64";
}

function columnsOf(frame: DataFrame): string[] {
  return schemaOf(frame).fields.map(({ name, type }) => `"${name}" ${type}`);
}
