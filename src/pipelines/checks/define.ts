import type { Checks } from "../../contracts/check.ts";
import type { DeclaredSchema } from "../../contracts/frame-schema.ts";
import type { RowOf } from "../../frame/row-types.ts";
import { readSchema, requireColumns } from "../../frame/schema.ts";
import { requireChecks } from "./place.ts";

/**
 * Checks of a frame whose schema is known: the type checker finds a misspelt column, and a rule that does not fit a column's type.
 *
 *     defineChecks(prices, { close: [notNull(), between(0, 1e6)], row: unique("symbol", "ts"), rows: min(1) })
 *
 * @throws ConfigError for rules where they can't stand; SchemaError for a column that the schema lacks.
 */
export function defineChecks<Schema extends DeclaredSchema>(schema: Schema, checks: Checks<RowOf<Schema>>): Checks {
  const rules = requireChecks(checks as Checks);
  const named = rules.flatMap(({ column, test }) => [
    ...(column === undefined ? [] : [column]),
    ...(test.kind === "unique" ? test.columns : []),
  ]);
  requireColumns(readSchema(schema), [...new Set(named)]);
  return checks as Checks;
}
