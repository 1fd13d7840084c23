import { duration } from "../../config/values.ts";
import { ConfigError } from "../../errors.ts";
import { columnOf, exactColumn, lazyOf } from "../../frame/access.ts";
import { dayNs, formatWall } from "../../frame/iso.ts";
import { type DataFrame, pl } from "../../frame/polars.ts";
import { tickNs } from "../../frame/time-range.ts";
import { type ColumnType, typeText } from "../../frame/types.ts";
import { isBroken } from "./judge.ts";
import type { PlacedRule } from "./place.ts";

/** What a rule on the whole frame compares with. */
export interface WholeAbout {
  readonly rows: number;
  readonly before: readonly number[];
  readonly now: Date;
}

/** A rule on the whole frame, and what it saw of the batches. */
export interface WholeState {
  readonly rule: PlacedRule;
  add(batch: DataFrame): Promise<void>;
  /** Why it is broken; null when it holds. */
  broken(about: WholeAbout): string | null;
}

/** Null for a rule on single rows. */
export function wholeState(rule: PlacedRule, types: ReadonlyMap<string, ColumnType>): WholeState | null {
  const { test } = rule;
  switch (test.kind) {
    case "count":
      return { rule, async add() {}, broken: ({ rows, before }) => test.broken(rows, before) };
    case "fresh":
      return newest(rule, test.maxAge, test.column, types.get(test.column) ?? { kind: "null" });
    case "frame":
      return judged(rule, test.judge);
    default:
      return null;
  }
}

function judged(rule: PlacedRule, judge: Extract<PlacedRule["test"], { kind: "frame" }>["judge"]): WholeState {
  let why: string | null = null;
  return {
    rule,
    async add(batch) {
      const verdict = await judge(batch as never);
      why = isBroken(verdict) ? (typeof verdict === "string" ? verdict.replace(/\.$/, "") : "it does not hold") : null;
    },
    broken: () => why,
  };
}

function newest(rule: PlacedRule, maxAge: number | string, column: string, type: ColumnType): WholeState {
  if (!isTemporal(type)) {
    throw new ConfigError(`${rule.name} can't check the column "${column}" of type ${typeText(type)}.`, {
      hint: "Freshness is for dates and datetimes.",
    });
  }
  const tick: bigint = type.kind === "date" ? dayNs : tickNs[type.unit];
  const age = BigInt(Math.round(duration.parse(maxAge) * 1e6));
  let latest: bigint | null = null;
  return {
    rule,
    async add(batch) {
      const found = await lazyOf(batch)
        .select(exactColumn(column).cast(pl.Int64).max().cast(pl.String).alias("newest"))
        .collect();
      const text = columnOf(found, "newest").get(0) as string | null;
      const ns = text === null ? null : BigInt(text) * tick;
      if (ns !== null && (latest === null || ns > latest)) latest = ns;
    },
    broken({ now }) {
      if (latest === null) return "there is no time in it";
      const oldest = BigInt(now.getTime()) * tickNs.ms - age;
      return latest >= oldest ? null : `its newest time is ${formatWall(latest, 3)}Z, and now is ${now.toISOString()}`;
    },
  };
}

function isTemporal(type: ColumnType): type is Extract<ColumnType, { kind: "datetime" }> | { kind: "date" } {
  return type.kind === "date" || type.kind === "datetime";
}
