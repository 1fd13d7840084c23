import { ConfigError } from "../../errors.ts";
import { columnOf, exactColumn } from "../../frame/access.ts";
import { frame } from "../../frame/frame.ts";
import { type Expr, pl } from "../../frame/polars.ts";
import { type ColumnType, typeText } from "../../frame/types.ts";
import { beyond, isOrdered, ordered, orderedLiteral } from "./bounds.ts";
import { commonPattern } from "./pattern.ts";
import type { Test } from "./rule.ts";

/** True for the rows that break the rule; null for none. Undefined for a rule that is no expression. */
export function brokenBy(test: Test, name: string, column: string, type: ColumnType): Expr | undefined {
  const values = exactColumn(column);
  switch (test.kind) {
    case "notNull":
      return values.isNull();
    case "between": {
      requireOrder(type, name, column);
      const sides = [
        ...(test.least === undefined ? [] : [beyond(type, values, test.least, "least", column)]),
        ...(test.most === undefined ? [] : [beyond(type, values, test.most, "most", column)]),
        ...(isFloat(type) ? [values.isNan()] : []),
      ];
      return sides.reduce((any, side) => any.or(side));
    }
    case "oneOf":
      return oneOfValues(test.values, type, column).not();
    case "matches": {
      if (!isText(type)) throw wrongType(name, column, type, "texts");
      const pattern = commonPattern(test.pattern);
      return pattern === null ? undefined : values.cast(pl.String).str.contains(pattern).not();
    }
    default:
      return undefined;
  }
}

/** A rule of one's own: true where it holds, so null holds too. */
export function brokenWhere(test: Test & { kind: "where" }): Expr {
  return test.holds(exactColumn).not();
}

/** Rows that fall behind one before them. */
export function brokenOrder(strict: boolean, column: string, type: ColumnType): Expr {
  const values = comparable(column, type);
  const behind = behindOf(values, values.cumMax().forwardFill().shift(1), strict);
  return isFloat(type) ? behind.fillNull(pl.lit(false)).or(exactColumn(column).isNan()) : behind;
}

/** Rows that fall behind the highest of earlier batches, given as text. */
export function brokenByEarlier(strict: boolean, column: string, type: ColumnType, highest: string): Expr {
  const behind = behindOf(comparable(column, type), orderedLiteral(type, highest), strict);
  return behind.fillNull(pl.lit(false));
}

function behindOf(values: Expr, limit: Expr, strict: boolean): Expr {
  return strict ? values.ltEq(limit) : values.lt(limit);
}

/** The highest value, as text. */
export function highestOf(column: string, type: ColumnType): Expr {
  return comparable(column, type).max().cast(pl.String);
}

/** @throws ConfigError for a type whose values `increasing` can't order. */
export function requireIncreasing(type: ColumnType, name: string, column: string): void {
  if (!isOrdered(type) || isText(type)) throw wrongType(name, column, type, "numbers or times");
}

function comparable(column: string, type: ColumnType): Expr {
  const values = ordered(type, exactColumn(column));
  return isFloat(type) ? pl.when(values.isNan()).then(pl.lit(null)).otherwise(values) : values;
}

function oneOfValues(values: readonly unknown[], type: ColumnType, column: string): Expr {
  const text = type.kind === "categorical" || type.kind === "enum";
  const typed = text ? "string" : typeText(type);
  if (["binary", "null", "list", "array", "struct"].includes(type.kind)) {
    throw wrongType("oneOf()", column, type, "single values");
  }
  try {
    const allowed = columnOf(frame({ value: values.filter((value) => value !== null) }, { value: typed }), "value");
    const own = exactColumn(column);
    return (text ? own.cast(pl.String) : own).isIn(pl.lit(allowed) as never);
  } catch (cause) {
    throw new ConfigError(`oneOf() at the column "${column}" of type ${typed}: ${(cause as Error).message}`, { cause });
  }
}

function requireOrder(type: ColumnType, name: string, column: string): void {
  if (!isOrdered(type)) throw wrongType(name, column, type, "values that have an order");
}

function wrongType(name: string, column: string, type: ColumnType, of: string): ConfigError {
  return new ConfigError(`${name} can't check the column "${column}" of type ${typeText(type)}.`, {
    hint: `It is for ${of}; write where(name, (column) => …) or check(name, (value) => …) instead.`,
  });
}

function isFloat({ kind }: ColumnType): boolean {
  return kind === "float32" || kind === "float64";
}

function isText({ kind }: ColumnType): boolean {
  return kind === "string" || kind === "categorical" || kind === "enum";
}
