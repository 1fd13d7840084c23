import { duration } from "../../config/values.ts";
import type { Checks, OnFail } from "../../contracts/check.ts";
import { ConfigError } from "../../errors.ts";
import { Rule, type Test } from "./rule.ts";

/** A rule where it stands. */
export interface PlacedRule {
  readonly name: string;
  readonly test: Test;
  /** The column that it stands at; undefined for a rule on rows or on the frame. */
  readonly column: string | undefined;
  readonly onFail: OnFail | undefined;
}

/** All rules of the checks, and what is wrong with the checks, one sentence each. */
export function placeChecks(checks: unknown): { rules: PlacedRule[]; faults: string[] } {
  const rules: PlacedRule[] = [];
  const faults: string[] = [];
  if (typeof checks !== "object" || checks === null || Array.isArray(checks)) {
    return { rules, faults: ["`checks` has to be an object of rules by column, as { close: [notNull()] }"] };
  }
  for (const [key, entry] of Object.entries(checks)) {
    for (const given of Array.isArray(entry) ? (entry as unknown[]) : [entry]) {
      if (given === undefined) continue;
      const found = placeRule(key, given);
      if (typeof found === "string") faults.push(found);
      else rules.push(found);
    }
  }
  return { rules, faults };
}

const placed = new WeakMap<Checks, PlacedRule[]>();

/** The same rules for the same checks, so that what is made of a rule is made once. @throws ConfigError that lists every fault. */
export function requireChecks(checks: Checks): PlacedRule[] {
  const known = placed.get(checks);
  if (known) return known;
  const { rules, faults } = placeChecks(checks);
  if (faults.length === 0) {
    placed.set(checks, rules);
    return rules;
  }
  throw new ConfigError(`The checks are wrong: ${faults.join("; ")}.`);
}

/** Whether a rule looks at the whole frame at once, so that rows can't come in batches. */
export function needsWholeFrame(checks: Checks | undefined): boolean {
  return checks !== undefined && requireChecks(checks).some(({ test }) => test.kind === "frame");
}

/** Everything that is wrong with a definition's checks, one sentence each; none when they are right. */
export function assertChecks(checks: unknown): string[] {
  return placeChecks(checks).faults;
}

function placeRule(key: string, given: unknown): PlacedRule | string {
  if (key === "freshness") return freshRule(given);
  const rule = asRule(given);
  if (!rule)
    return `\`checks.${key}\` holds ${typeof given === "object" ? "an object" : String(given)}, which is no rule`;
  const { name, test, onFail } = rule;
  const reserved = (what: string) =>
    `${name} can't stand at \`${key}\`, ${what}; a column of that name is "column:${key}"`;
  switch (key) {
    case "rows":
      if (rule.count) return { name, test: rule.count, column: undefined, onFail };
      return reserved("which is for the number of rows");
    case "row":
      if (test.kind === "unique" && test.columns.length === 0) return "unique() at `row` has to name its columns";
      if (["unique", "where", "value"].includes(test.kind)) return { name, test, column: undefined, onFail };
      return reserved("which is for rules on several columns");
    case "frame":
      if (test.kind === "value") return { name, test: { kind: "frame", judge: test.judge }, column: undefined, onFail };
      return reserved("which is for functions over the whole frame");
    default: {
      const column = key.startsWith("column:") ? key.slice("column:".length) : key;
      if (test.kind === "count")
        return `${name} can't stand at the column "${column}": it counts rows, write it at \`rows\``;
      const columns = test.kind === "unique" ? [...new Set([column, ...test.columns])] : [];
      return { name, test: test.kind === "unique" ? { ...test, columns } : test, column, onFail };
    }
  }
}

function asRule(given: unknown): Rule | null {
  if (given instanceof Rule) return given;
  if (typeof given !== "function") return null;
  return new Rule(given.name || "own check", { kind: "value", judge: given as (value: never) => boolean });
}

function freshRule(given: unknown): PlacedRule | string {
  const wrong =
    '`checks.freshness` has to be { column: "ts", maxAge: "1d" }; a column of that name is "column:freshness"';
  if (typeof given !== "object" || given === null || given instanceof Rule) return wrong;
  const { column, maxAge, onFail } = given as { column?: unknown; maxAge?: unknown; onFail?: OnFail };
  if (typeof column !== "string" || !duration.safeParse(maxAge).success) return wrong;
  const age = maxAge as number | string;
  return {
    name: `freshness("${column}", ${JSON.stringify(age)})`,
    test: { kind: "fresh", column, maxAge: age },
    column,
    onFail,
  };
}
