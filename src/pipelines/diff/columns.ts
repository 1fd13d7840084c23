import type { FrameField, FrameSchema } from "../../contracts/frame-schema.ts";
import { ConfigError } from "../../errors.ts";
import { exactColumn, lazyOf } from "../../frame/access.ts";
import { isFloat, isNegativeZero, isNested } from "../../frame/compare.ts";
import { type DataFrame, type Expr, type LazyDataFrame, pl } from "../../frame/polars.ts";
import { recodeFrame } from "../../frame/recode.ts";
import { requireColumns } from "../../frame/schema.ts";
import { type ColumnType, parseType, toPolars, typeText } from "../../frame/types.ts";
import { widerType } from "../../frame/widen.ts";
import type { ColumnsDiff, DiffOptions, RetypedColumn } from "./result.ts";

/** A column that both frames have, and the type in which its values are compared. */
export interface ComparedColumn {
  readonly name: string;
  readonly type: ColumnType;
}

/** What is compared, and how. */
export interface DiffPlan {
  readonly by: "key" | "order" | "content";
  readonly key: readonly ComparedColumn[];
  /** Without those of the key. */
  readonly values: readonly ComparedColumn[];
  readonly columns: ColumnsDiff;
}

/** @throws SchemaError when a key column is not in both; ConfigError for a key that can't be compared. */
export function planDiff(old: FrameSchema, next: FrameSchema, { key, order }: DiffOptions): DiffPlan {
  if (key && order) throw new ConfigError("A diff is by `key` or by `order`, not by both.");
  if (key?.length === 0)
    throw new ConfigError("The `key` of a diff names no column; leave it out to compare all that rows hold.");
  for (const schema of [old, next]) requireColumns(schema, key ?? []);
  const types = new Map(next.fields.map(({ name, type }) => [name, type]));
  const both = old.fields.filter(({ name }) => types.has(name));
  const retyped: RetypedColumn[] = [];
  const compared = both.flatMap(({ name, type }): ComparedColumn[] => {
    const other = types.get(name) ?? type;
    const shared = sharedType(parseType(type), parseType(other));
    if (other !== type) retyped.push({ name, old: type, new: other, compared: shared !== null });
    return shared ? [{ name, type: shared }] : [];
  });
  const keyed = (key ?? []).map((name) => {
    const column = compared.find((other) => other.name === name);
    if (column && !isNested(typeText(column.type))) return column;
    throw new ConfigError(
      `The key column "${name}" can't be compared: it is ${both.find((field) => field.name === name)?.type} and ${types.get(name)}.`,
    );
  });
  const namesOf = ({ fields }: FrameSchema) => fields.map(({ name }) => name);
  const missingIn = (schema: FrameSchema, fields: readonly FrameField[]) => {
    const names = new Set(namesOf(schema));
    return fields.filter(({ name }) => !names.has(name));
  };
  const inOld = namesOf(old).filter((name) => types.has(name));
  const inNew = namesOf(next).filter((name) => inOld.includes(name));
  return {
    by: key ? "key" : order ? "order" : "content",
    key: keyed,
    values: compared.filter(({ name }) => !key?.includes(name)),
    columns: {
      added: missingIn(old, next.fields),
      removed: missingIn(next, old.fields),
      retyped,
      reordered: inOld.some((name, at) => name !== inNew[at]),
    },
  };
}

const texts = ["string", "categorical", "enum"];

function sharedType(a: ColumnType, b: ColumnType): ColumnType | null {
  if (texts.includes(a.kind) && texts.includes(b.kind)) return { kind: "string" };
  return widerType(a, b);
}

/**
 * The rows in columns that polars compares exactly: the key as `k0` …, values as `v0` …, nested ones as the text of `toText`.
 */
export async function comparable(df: DataFrame, plan: DiffPlan): Promise<LazyDataFrame> {
  const nested = [...plan.key, ...plan.values].filter(({ type }) => isNested(typeText(type)));
  const recodings = nested.map(({ name, type }) => ({ name, type, direction: "to texts" as const }));
  const flat = await recodeFrame(df, recodings);
  const side = (columns: readonly ComparedColumn[], prefix: string) =>
    columns.map((column, at) => castTo(column).alias(`${prefix}${at}`));
  return lazyOf(flat).select(kept(plan, "columns", () => [...side(plan.key, "k"), ...side(plan.values, "v")]));
}

function castTo({ name, type }: ComparedColumn): Expr {
  const column = exactColumn(name);
  if (isNested(typeText(type)) || type.kind === "binary" || type.kind === "null") return column;
  return column.cast(toPolars(type));
}

const expressions = new WeakMap<DiffPlan, Map<string, Expr[]>>();

/** Expressions made once for a plan: nodejs-polars takes about a millisecond for each part of one, and a plan may be for many parts. */
export function kept(plan: DiffPlan, name: string, make: () => Expr[]): Expr[] {
  const ofPlan = expressions.get(plan) ?? new Map<string, Expr[]>();
  expressions.set(plan, ofPlan);
  const known = ofPlan.get(name) ?? make();
  ofPlan.set(name, known);
  return known;
}

/** Whether the column, as `comparable` gives it, is one of floats. */
export function hasFloats({ type }: ComparedColumn): boolean {
  return isFloat(typeText(type));
}

/** For each column of floats one that tells -0 from 0, which polars takes for equal. */
export function zeroSigns(columns: readonly ComparedColumn[], prefix: string): Expr[] {
  return columns.flatMap((column, at) =>
    hasFloats(column) ? [isNegativeZero(pl.col(`${prefix}${at}`)).alias(`z${at}`)] : [],
  );
}

/** A number for each row that is the same for rows that are paired, whichever frame they are in. */
export function pairingHash(plan: DiffPlan): Expr {
  const flat = [...plan.key, ...(plan.by === "content" ? plan.values : [])];
  const plain = flat.filter(({ type }) => !isNested(typeText(type)));
  const columns = (plain.length > 0 ? plain : flat).map((column) => castTo(column));
  return pl.struct(columns).hash(1, 2, 3, 4);
}
