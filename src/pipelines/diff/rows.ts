import { setImmediate as nextTurn } from "node:timers/promises";
import { SchemaError } from "../../errors.ts";
import { columnOf, heightOf, lazyOf } from "../../frame/access.ts";
import { differ } from "../../frame/compare.ts";
import { type DataFrame, type Expr, type LazyDataFrame, pl } from "../../frame/polars.ts";
import { typeText } from "../../frame/types.ts";
import { type DiffPlan, hasFloats, kept, zeroSigns } from "./columns.ts";

/** Rows of two frames, or of one part of them, as `comparable` gives them. */
export interface RowSides {
  readonly old: LazyDataFrame;
  readonly new: LazyDataFrame;
  /** The number that a row of them has in its frame, counted from 0. */
  readonly number: (side: "old" | "new", row: number) => number;
}

/** What was found, and which rows show it, by their number in each side. */
export interface RowsFound {
  readonly added: number;
  readonly removed: number;
  readonly changed: number;
  readonly unchanged: number;
  /** Changed rows for each column of the plan's values. */
  readonly changes: readonly number[];
  readonly shown: {
    readonly added: readonly number[];
    readonly removed: readonly number[];
    readonly changed: readonly { readonly old: number; readonly new: number; readonly columns: readonly number[] }[];
    readonly unchanged: readonly number[];
  };
}

/** Pairs rows of equal `k0` … and compares the others. The keys are unique on both sides. */
export async function pairRows(sides: RowSides, plan: DiffPlan, samples: number): Promise<RowsFound> {
  const keys = plan.key.map((_, at) => `k${at}`);
  const by = plan.by === "order" ? ["row"] : keys;
  const [old, next] = await Promise.all([
    sides.old.withRowIndex("row").collect(),
    sides.new.withRowIndex("row").collect(),
  ]);
  if (plan.by === "key") {
    await requireUnique(old, keys, plan, (row) => sides.number("old", row), "old");
    await requireUnique(next, keys, plan, (row) => sides.number("new", row), "new");
  }
  const values = plan.values.map((_, at) => `v${at}`);
  const right = lazyOf(next).select(
    kept(plan, "right", () => [
      ...by.map((name) => pl.col(name)),
      pl.col("row").alias("right"),
      ...values.map((name) => pl.col(name).alias(`new ${name}`)),
    ]),
  );
  const differs = await differences(plan);
  const paired = await lazyOf(old)
    .join(right, { on: by, how: "inner", maintainOrder: "left" })
    .select(pl.col("row"), pl.col("right"), ...differs)
    .collect();
  const sums = values.length > 0 ? await lazyOf(paired).sum().collect() : null;
  const changes = values.map((_, at) =>
    sums === null || heightOf(paired) === 0 ? 0 : Number(columnOf(sums, `d${at}`).get(0) ?? 0),
  );
  const any = changes.some((count) => count > 0)
    ? values.map((_, at) => pl.col(`d${at}`)).reduce((one, other) => one.or(other))
    : pl.lit(false);
  const altered = changes.some((count) => count > 0) ? await lazyOf(paired).filter(any).collect() : null;
  const changed = altered ? heightOf(altered) : 0;
  const first = altered ? await lazyOf(altered).head(samples).collect() : null;
  const same = await lazyOf(paired).filter(any.not()).head(samples).select("row").collect();
  const without = async (from: DataFrame, column: string, count: number) => {
    if (count === 0 || samples === 0) return [];
    const taken = lazyOf(paired).select(pl.col(column).alias("row"));
    const rest = lazyOf(from)
      .select("row")
      .join(taken, { on: ["row"], how: "anti", maintainOrder: "left" });
    return numbers(await rest.head(samples).collect());
  };
  const removed = heightOf(old) - heightOf(paired);
  const added = heightOf(next) - heightOf(paired);
  return {
    added,
    removed,
    changed,
    unchanged: heightOf(paired) - changed,
    changes,
    shown: {
      added: await without(next, "right", added),
      removed: await without(old, "row", removed),
      changed: first ? changedRows(first, values.length) : [],
      unchanged: numbers(same),
    },
  };
}

const known = new Map<string, Expr>();

/** Whether each column differs, `d0` …, made once for each kind of column: nodejs-polars takes about a millisecond for a part of an expression. */
async function differences({ values }: DiffPlan): Promise<Expr[]> {
  const all: Expr[] = [];
  for (const [at, column] of values.entries()) {
    const key = `${at} ${hasFloats(column)}`;
    let differs = known.get(key);
    if (!differs) {
      differs = differ(pl.col(`v${at}`), pl.col(`new v${at}`), typeText(column.type)).alias(`d${at}`);
      known.set(key, differs);
      await nextTurn();
    }
    all.push(differs);
  }
  return all;
}

function changedRows(first: DataFrame, columns: number): { old: number; new: number; columns: number[] }[] {
  const of = (name: string) => columnOf(first, name).toArray() as unknown[];
  const flags = Array.from({ length: columns }, (_, at) => of(`d${at}`));
  const right = of("right");
  return of("row").map((row, index) => ({
    old: Number(row),
    new: Number(right[index]),
    columns: flags.flatMap((flag, at) => (flag[index] === true ? [at] : [])),
  }));
}

/** Counts equal rows on both sides, wherever they stand. Equal ones beyond the other side's count are added or removed. */
export async function countRows(sides: RowSides, plan: DiffPlan, samples: number): Promise<RowsFound> {
  const columns = [
    ...plan.values.map((_, at) => `v${at}`),
    ...plan.values.flatMap((column, at) => (hasFloats(column) ? [`z${at}`] : [])),
  ];
  const side = (rows: LazyDataFrame, isOld: boolean) =>
    rows
      .withColumns(...kept(plan, "zeros", () => zeroSigns(plan.values, "v")), pl.lit(isOld).alias("old"))
      .withRowIndex("row");
  const isOld = pl.col("old");
  const first = (of: Expr) => pl.when(of).then(pl.col("row")).otherwise(pl.lit(null)).min();
  const groups = await pl
    .concat([side(sides.old, true), side(sides.new, false)])
    .groupBy(columns)
    .agg(
      ...kept(plan, "counts", () => [
        isOld.sum().cast(pl.Int64).alias("olds"),
        isOld.not().sum().cast(pl.Int64).alias("news"),
        first(isOld).alias("first old"),
        first(isOld.not()).alias("first new"),
      ]),
    )
    .select(["olds", "news", "first old", "first new"])
    .collect();
  const more = pl.col("news").sub(pl.col("olds"));
  const totals = await lazyOf(groups)
    .select(
      pl
        .when(more.gt(pl.lit(0)))
        .then(more)
        .otherwise(pl.lit(0))
        .sum()
        .alias("added"),
      pl
        .when(more.lt(pl.lit(0)))
        .then(more)
        .otherwise(pl.lit(0))
        .sum()
        .alias("removed"),
      pl
        .minHorizontal([pl.col("olds"), pl.col("news")])
        .sum()
        .alias("unchanged"),
    )
    .collect();
  const total = (name: string) => Math.abs(Number(columnOf(totals, name).get(0) ?? 0));
  const show = async (which: Expr, row: string, count: number) =>
    count === 0
      ? []
      : numbers(
          await lazyOf(groups).filter(which).select(pl.col(row).alias("row")).sort("row").head(samples).collect(),
        );
  return {
    added: total("added"),
    removed: total("removed"),
    changed: 0,
    unchanged: total("unchanged"),
    changes: plan.values.map(() => 0),
    shown: {
      added: await show(more.gt(pl.lit(0)), "first new", total("added")),
      removed: await show(more.lt(pl.lit(0)), "first old", total("removed")),
      changed: [],
      unchanged: await show(
        pl.minHorizontal([pl.col("olds"), pl.col("news")]).gt(pl.lit(0)),
        "first old",
        total("unchanged"),
      ),
    },
  };
}

function keyFacts(keys: readonly string[], plan: DiffPlan): Expr[] {
  const missing = keys.map((name, at) => {
    const none = pl.col(name).isNull();
    return plan.key[at] && hasFloats(plan.key[at]) ? none.or(pl.col(name).isNan()) : none;
  });
  const whole = keys.length === 1 ? pl.col("k0") : pl.struct(keys.map((name) => pl.col(name)));
  return [
    pl.col("row"),
    missing.reduce((any, one) => any.or(one)).alias("missing"),
    whole.isFirstDistinct().not().alias("again"),
  ];
}

/** @throws SchemaError KEY_INVALID that names the rows, from 1. */
async function requireUnique(
  rows: DataFrame,
  keys: readonly string[],
  plan: DiffPlan,
  number: (row: number) => number,
  side: "old" | "new",
): Promise<void> {
  const fail = (problem: string): never => {
    throw new SchemaError(
      `The key ${plan.key.map(({ name }) => `"${name}"`).join(", ")}: ${problem} in the ${side} frame.`,
      {
        code: "KEY_INVALID",
        hint: "A key needs a value in every row, and no two rows with the same. Leave it out to compare all that rows hold.",
      },
    );
  };
  if (heightOf(rows) === 0) return;
  const facts = await lazyOf(rows)
    .select(kept(plan, "key facts", () => keyFacts(keys, plan)))
    .filter(pl.col("missing").or(pl.col("again")))
    .head(1)
    .collect();
  if (heightOf(facts) === 0) return;
  const row = Number(columnOf(facts, "row").get(0));
  if (columnOf(facts, "missing").toArray()[0] === true) fail(`row ${number(row) + 1} has no value`);
  const one = lazyOf(rows)
    .slice(row, 1)
    .select([...keys]);
  const twin = await lazyOf(rows)
    .join(one, { on: [...keys], how: "semi" })
    .select(pl.col("row").min())
    .collect();
  fail(`row ${number(Number(columnOf(twin, "row").get(0))) + 1} and row ${number(row) + 1} have the same`);
}

function numbers(frame: DataFrame): number[] {
  return (columnOf(frame, "row").toArray() as unknown[]).map(Number);
}
