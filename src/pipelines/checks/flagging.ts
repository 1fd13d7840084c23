import type { Config } from "../../config/settings.ts";
import { columnOf, exactColumn, heightOf, lazyOf } from "../../frame/access.ts";
import { type DataFrame, type Expr, pl, type Series } from "../../frame/polars.ts";
import { type ColumnType, typeText } from "../../frame/types.ts";
import { DistinctRows } from "./distinct.ts";
import { brokenBy, brokenByEarlier, brokenOrder, brokenWhere, highestOf, requireIncreasing } from "./expressions.ts";
import { judgeRows } from "./judge.ts";
import type { PlacedRule } from "./place.ts";
import type { Test } from "./rule.ts";

/** How the rows that break a rule are found: by an expression, or by a column of booleans. */
export interface Flagging {
  expression?(): Expr;
  flags?(batch: DataFrame, last: boolean): Promise<Series>;
  /** What a rule has to remember of a batch. */
  after?(batch: DataFrame, last: boolean): Promise<void>;
  /** What a function of one's own said of a row of the last batch. */
  reason?(row: number): string | undefined;
  close?(): Promise<void>;
}

/** Null for a rule that is on no single rows. Its expression gives a column of the name `alias`. */
export function flaggingOf(
  { test, name, column = "" }: PlacedRule,
  alias: string,
  types: ReadonlyMap<string, ColumnType>,
  config: Pick<Config, "FS_TEMP">,
  signal?: AbortSignal,
): Flagging | null {
  const type = types.get(column) ?? { kind: "null" };
  const keep = (make: () => Expr | undefined) => keptExpression(test, `${column}: ${typeText(type)}`, alias, make);
  switch (test.kind) {
    case "count":
    case "fresh":
    case "frame":
      return null;
    case "where":
      return fixed(keep(() => brokenWhere(test)));
    case "value":
      return judging(column === "" ? undefined : column, test.judge, signal);
    case "unique":
      return distinct(
        test.columns.map((key) => ({ name: key, type: types.get(key) ?? { kind: "null" } })),
        config,
      );
    case "increasing":
      requireIncreasing(type, name, column);
      return rising(test.strict, column, type, keep(() => brokenOrder(test.strict, column, type)) as Expr);
    default: {
      const found = fixed(keep(() => brokenBy(test, name, column, type)));
      return found ?? (test.kind === "matches" ? matching(column, test.pattern) : null);
    }
  }
}

const kept = new WeakMap<Test, Map<string, Expr | undefined>>();

/** An expression made once for each rule and type: nodejs-polars takes about a millisecond for each part of one. */
function keptExpression(test: Test, of: string, alias: string, make: () => Expr | undefined): Expr | undefined {
  const key = `${alias}: ${of}`;
  const ofTest = kept.get(test) ?? new Map<string, Expr | undefined>();
  kept.set(test, ofTest);
  if (!ofTest.has(key)) ofTest.set(key, make()?.fillNull(pl.lit(false)).alias(alias));
  return ofTest.get(key);
}

function fixed(expression: Expr | undefined): Flagging | null {
  return expression ? { expression: () => expression } : null;
}

function judging(
  column: string | undefined,
  judge: Parameters<typeof judgeRows>[2],
  signal: AbortSignal | undefined,
): Flagging {
  let reasons: ReadonlyMap<number, string> = new Map();
  return {
    async flags(batch) {
      const judged = await judgeRows(batch, column, judge, signal);
      reasons = judged.reasons;
      return pl.Series("flags", judged.broken, pl.Bool);
    },
    reason: (row) => reasons.get(row),
  };
}

function distinct(columns: readonly { name: string; type: ColumnType }[], config: Pick<Config, "FS_TEMP">): Flagging {
  const rows = new DistinctRows(columns, config);
  return {
    flags: (batch, last) => rows.repeats(batch, last),
    close: () => rows[Symbol.asyncDispose](),
  };
}

function rising(strict: boolean, column: string, type: ColumnType, within: Expr): Flagging {
  let highest: string | null = null;
  const top = highestOf(column, type).alias("highest");
  return {
    expression: () => (highest === null ? within : within.or(brokenByEarlier(strict, column, type, highest))),
    async after(batch, last) {
      if (last) return;
      const text = columnOf(await lazyOf(batch).select(top).collect(), "highest").get(0) as string | null;
      if (text !== null && (highest === null || isHigher(text, highest, type))) highest = text;
    },
  };
}

function isHigher(text: string, than: string, { kind }: ColumnType): boolean {
  if (kind.startsWith("float")) return Number(text) > Number(than);
  const units = (value: string) => BigInt(value.replace(".", ""));
  return units(text) > units(than);
}

/** A pattern that only JavaScript understands: it is asked once for each different text of a batch. */
function matching(column: string, pattern: RegExp): Flagging {
  const text = exactColumn(column).cast(pl.String).alias("text");
  const own = new RegExp(pattern.source, pattern.flags.replace("g", ""));
  const isMatch = (text: string) => {
    own.lastIndex = 0;
    return own.test(text);
  };
  return {
    async flags(batch) {
      const texts = lazyOf(batch).select(text);
      const different = await texts
        .unique({ subset: ["text"] })
        .filter(pl.col("text").isNotNull())
        .collect();
      const judged = await judgeRows(different, "text", isMatch);
      const bad = lazyOf(different)
        .withColumns(pl.Series("broken", judged.broken, pl.Bool) as never)
        .filter(pl.col("broken"));
      const flags = await texts.join(bad, { on: ["text"], how: "left", maintainOrder: "left" }).collect();
      if (heightOf(different) === 0) return columnOf(await texts.select(pl.lit(false).alias("f")).collect(), "f");
      return columnOf(flags, "broken").fillNull("zero" as never);
    },
  };
}
