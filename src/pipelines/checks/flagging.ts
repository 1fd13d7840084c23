import type { Config } from "../../config/settings.ts";
import { columnOf, exactColumn, heightOf, lazyOf } from "../../frame/access.ts";
import { type DataFrame, type Expr, pl, type Series } from "../../frame/polars.ts";
import type { ColumnType } from "../../frame/types.ts";
import { DistinctRows } from "./distinct.ts";
import { brokenBy, brokenOrder, brokenWhere, highestOf, requireIncreasing } from "./expressions.ts";
import { judgeRows } from "./judge.ts";
import type { PlacedRule } from "./place.ts";

/** How the rows that break a rule are found: by an expression, or by a column of booleans. */
export interface Flagging {
  expression?(): Expr;
  flags?(batch: DataFrame, last: boolean): Promise<Series>;
  /** What a rule has to remember of a batch. */
  after?(batch: DataFrame): Promise<void>;
  /** What a function of one's own said of a row of the last batch. */
  reason?(row: number): string | undefined;
  close?(): Promise<void>;
}

/** Null for a rule that is on no single rows. */
export function flaggingOf(
  { test, name, column = "" }: PlacedRule,
  types: ReadonlyMap<string, ColumnType>,
  config: Pick<Config, "FS_TEMP">,
  signal?: AbortSignal,
): Flagging | null {
  const type = types.get(column) ?? { kind: "null" };
  switch (test.kind) {
    case "count":
    case "fresh":
    case "frame":
      return null;
    case "where":
      return { expression: () => brokenWhere(test) };
    case "value":
      return judging(column === "" ? undefined : column, test.judge, signal);
    case "unique":
      return distinct(
        test.columns.map((key) => ({ name: key, type: types.get(key) ?? { kind: "null" } })),
        config,
      );
    case "increasing":
      requireIncreasing(type, name, column);
      return rising(test.strict, column, type);
    default: {
      const expression = brokenBy(test, name, column, type);
      if (expression) return { expression: () => expression };
      return test.kind === "matches" ? matching(column, test.pattern) : null;
    }
  }
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
    flags: async (batch, last) => columnOf(await rows.repeats(batch, last), "repeats"),
    close: () => rows[Symbol.asyncDispose](),
  };
}

function rising(strict: boolean, column: string, type: ColumnType): Flagging {
  let highest: string | null = null;
  return {
    expression: () => brokenOrder(strict, column, type, highest),
    async after(batch) {
      const found = await lazyOf(batch).select(highestOf(column, type).alias("highest")).collect();
      const text = columnOf(found, "highest").get(0) as string | null;
      if (text !== null && (highest === null || (await isHigher(text, highest, type)))) highest = text;
    },
  };
}

async function isHigher(text: string, than: string, { kind }: ColumnType): Promise<boolean> {
  if (kind.startsWith("float")) return Number(text) > Number(than);
  const units = (value: string) => BigInt(value.replace(".", ""));
  return units(text) > units(than);
}

/** A pattern that only JavaScript understands: it is asked once for each different text of a batch. */
function matching(column: string, pattern: RegExp): Flagging {
  const own = new RegExp(pattern.source, pattern.flags.replace("g", ""));
  const isMatch = (text: string) => {
    own.lastIndex = 0;
    return own.test(text);
  };
  return {
    async flags(batch) {
      const texts = lazyOf(batch).select(exactColumn(column).cast(pl.String).alias("text"));
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
