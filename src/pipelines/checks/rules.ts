/**
 * The rules that checks are made of. Values that are null break none but `notNull`.
 *
 * @module
 */
import { inspect } from "node:util";
import { duration } from "../../config/values.ts";
import type {
  ColumnCheck,
  ColumnOf,
  CountCheck,
  FrameCheck,
  Freshness,
  OnFail,
  RowCheck,
  Verdict,
} from "../../contracts/check.ts";
import { ConfigError } from "../../errors.ts";
import type { DataFrame, Expr } from "../../frame/polars.ts";
import type { Bound } from "./bounds.ts";
import { Rule, type Test } from "./rule.ts";

/** Values that have an order. */
export type Comparable = number | bigint | string | Date | null;

/** No value is null. NaN is a value; `between` refuses it. */
export function notNull(): ColumnCheck<unknown> {
  return new Rule("notNull()", { kind: "notNull" });
}

/**
 * Every value is one of these or between them. Bounds are numbers or bigints, a text for decimals (`"0.10"`), a Date or an ISO text
 * for times, a bigint of ticks for durations, a text for texts (by their code points). NaN is never between.
 */
export function between(least: Bound, most: Bound): ColumnCheck<Comparable> {
  requireBound("between", least);
  requireBound("between", most);
  return new Rule(`between(${show(least)}, ${show(most)})`, { kind: "between", least, most });
}

/** At a column: no value is less. At `rows`: there are at least as many rows. */
export function min(least: Bound): ColumnCheck<Comparable> & CountCheck {
  requireBound("min", least);
  const broken = (rows: number) => (rows >= Number(least) ? null : `there are ${rows} rows, fewer than ${least}`);
  const test: Test = { kind: "between", least, most: undefined };
  return new Rule(`min(${show(least)})`, test, { count: { kind: "count", broken } });
}

/** At a column: no value is more. At `rows`: there are at most as many rows. */
export function max(most: Bound): ColumnCheck<Comparable> & CountCheck {
  requireBound("max", most);
  const broken = (rows: number) => (rows <= Number(most) ? null : `there are ${rows} rows, more than ${most}`);
  const test: Test = { kind: "between", least: undefined, most };
  return new Rule(`max(${show(most)})`, test, { count: { kind: "count", broken } });
}

type Wide<Value> = Value extends number
  ? number
  : Value extends bigint
    ? bigint
    : Value extends string
      ? string
      : Value extends boolean
        ? boolean
        : Value;

/** Every value is one of these, compared in the column's own type. */
export function oneOf<const Value>(...values: readonly Value[]): ColumnCheck<Wide<Value> | null> {
  if (values.length === 0) throw new ConfigError("oneOf() needs the values that are allowed.");
  return new Rule(`oneOf(${values.map(show).join(", ")})`, { kind: "oneOf", values });
}

/** Every text matches, as `pattern.test(text)` says: anywhere, so write `^` and `$` for the whole text. */
export function matches(pattern: RegExp): ColumnCheck<string | null> {
  if (!(pattern instanceof RegExp)) throw new ConfigError("matches() needs a regular expression: matches(/^[A-Z]+$/).");
  return new Rule(`matches(${pattern})`, { kind: "matches", pattern });
}

/**
 * No two rows have the same values in these columns: at a column it is that one (with any named besides), at `row` those named. The
 * first row of each kind holds, later ones break the rule. A row with a null in one of them breaks nothing; NaN equals NaN.
 *
 * In batches it remembers 11 to 32 bytes of memory for each row, and the values themselves in temporary files.
 */
export function unique<const Names extends readonly string[]>(
  ...columns: Names
): ColumnCheck<unknown> & RowCheck<Readonly<Record<Names[number], unknown>>> {
  return new Rule(`unique(${columns.map(show).join(", ")})`, { kind: "unique", columns });
}

/** No value is less than one before it; with `strict`, none is equal either. Rows that fall behind break the rule, until one catches up. NaN breaks it. */
export function increasing({ strict = false }: { readonly strict?: boolean } = {}): ColumnCheck<Comparable> {
  return new Rule(strict ? "increasing({ strict: true })" : "increasing()", { kind: "increasing", strict });
}

/**
 * The number of rows is within a share of what it was: `drift(0.5)` takes half to one and a half times the median of the last
 * `runs` saves that passed. Without an earlier save it holds.
 */
export function drift(share: number, { runs = 5 }: { readonly runs?: number } = {}): CountCheck {
  if (!(share > 0)) throw new ConfigError(`drift(${share}) needs a share above 0, such as 0.5 for half.`);
  if (!(Number.isSafeInteger(runs) && runs > 0))
    throw new ConfigError(`drift: \`runs\` is ${runs}; give a whole number.`);
  const broken = (rows: number, before: readonly number[]) => {
    const usual = median(before.slice(0, runs));
    if (usual === undefined || Math.abs(rows - usual) <= share * usual) return null;
    const which = before.length === 1 ? "the last save had" : "the last saves had, in the middle,";
    return `there are ${rows} rows where ${which} ${usual}: more than ${share * 100} % away`;
  };
  return new Rule(`drift(${share})`, { kind: "count", broken });
}

/** The newest time in the column is no older than this. A time without a zone counts as UTC. No time at all breaks the rule. */
export function freshness<const Name extends string>(column: Name, maxAge: number | string): Freshness<Name> {
  if (!duration.safeParse(maxAge).success) {
    throw new ConfigError(`freshness("${column}", ${show(maxAge)}): that is no duration.`, {
      hint: "Write 90s, 15m, 12h or 7d.",
    });
  }
  return { column, maxAge };
}

/**
 * A rule of one's own with a name for messages. At a column it is asked for each value, at `row` for each row as `records` gives it,
 * at `frame` once; `false` or a sentence means broken. It runs in JavaScript, about 1 s for 1 M values: `where` is quicker.
 */
export function check<Value>(
  name: string,
  judge: (value: Value) => Verdict | Promise<Verdict>,
): ColumnCheck<Value> & RowCheck<Value> & (DataFrame extends Value ? FrameCheck : unknown) {
  const test: Test = { kind: "value", judge: judge as (value: never) => Verdict };
  return new Rule(name, test) as Rule & (DataFrame extends Value ? FrameCheck : unknown);
}

/**
 * A rule of one's own as a polars expression that is true where it holds; null counts as true. At a column or at `row`:
 * `row: where("high is not below low", (column) => column("high").gtEq(column("low")))`.
 */
export function where<Name extends string = string>(
  name: string,
  holds: (column: ColumnOf<Name>) => Expr,
): ColumnCheck<unknown> & RowCheck<Readonly<Record<string, unknown>>> {
  return new Rule(name, { kind: "where", holds: holds as (column: ColumnOf) => Expr });
}

/** The same rule with its own answer to rows that break it: `onFail("warn", between(0, 100))`. */
export function onFail<Check extends object>(answer: OnFail, rule: Check): Check {
  if (!["stop", "warn", "quarantine"].includes(answer)) {
    throw new ConfigError(`onFail("${answer}", …) has to be stop, warn or quarantine.`);
  }
  if (rule instanceof Rule) {
    const { name, test, count } = rule;
    return new Rule(name, test, { ...(count && { count }), onFail: answer }) as Check & Rule;
  }
  return { ...rule, onFail: answer };
}

function median(counts: readonly number[]): number | undefined {
  const sorted = [...counts].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle];
  return sorted.length % 2 === 0 && upper !== undefined ? ((sorted[middle - 1] ?? 0) + upper) / 2 : upper;
}

function requireBound(rule: string, bound: unknown): void {
  const known = ["number", "bigint", "string"].includes(typeof bound) || bound instanceof Date;
  if (known && !Number.isNaN(bound) && !(bound instanceof Date && Number.isNaN(bound.getTime()))) return;
  throw new ConfigError(`${rule}(…) can't have the bound ${inspect(bound)}.`, {
    hint: "Give a number, a bigint, a text or a Date.",
  });
}

function show(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value);
  return value instanceof Date ? value.toISOString() : inspect(value);
}
