import type { DeclaredSchema } from "../../contracts/frame-schema.ts";
import { ConfigError, SchemaError } from "../../errors.ts";
import { readSchema } from "../../frame/schema.ts";
import type { Page } from "../page.ts";
import { define, type ScraperSource, type SourceDefinition } from "../source.ts";
import { valueAt } from "../values-at.ts";

/** How the columns are found in one item: a path (`price.last`), or a function. Default: the column's own name. */
export type JsonFields = Readonly<Record<string, string | ((item: Readonly<Record<string, unknown>>) => unknown)>>;

/** What a source of a JSON API is made of. */
export interface JsonDefinition<Schema extends DeclaredSchema = DeclaredSchema>
  extends Omit<SourceDefinition<Schema>, "parse" | "rows" | "fields"> {
  /** Where the array of items is: `data.items`. Default: the answer is the array. */
  readonly rows?: string;
  readonly fields?: JsonFields;
}

/**
 * A source that reads a JSON API. Pages come by `next`: `pageNumber("page")`, `offset("offset")`, `cursor("cursor", "meta.next")`,
 * `nextUrl("links.next")` or `linkHeader()`. Whole numbers beyond 2^53 stay exact.
 *
 * @throws ConfigError for a field without a column.
 */
export function jsonSource<const Schema extends DeclaredSchema>(definition: JsonDefinition<Schema>): ScraperSource;
export function jsonSource({ rows = "", fields = {}, ...definition }: JsonDefinition): ScraperSource {
  const schema = readSchema(definition.schema);
  const names = schema.fields.map(({ name }) => name);
  const unknown = Object.keys(fields).find((name) => !names.includes(name));
  if (unknown !== undefined) throw new ConfigError(`The schema has no column for the field "${unknown}".`);
  const readers = names.map((name) => {
    const field = fields[name] ?? name;
    return [
      name,
      typeof field === "function" ? field : (item: Readonly<Record<string, unknown>>) => valueAt(item, field),
    ] as const;
  });
  const parse = (page: Page) =>
    itemsOf(page, rows).map((item) => Object.fromEntries(readers.map(([name, read]) => [name, read(item) ?? null])));
  const whole = { ...definition, rows, fields };
  return define(whole, schema, parse, undefined);
}

function itemsOf(page: Page, path: string): Record<string, unknown>[] {
  const items = valueAt(page.json(), path);
  if (!Array.isArray(items)) {
    throw new SchemaError(`${path === "" ? "The answer" : `"${path}" of the answer`} is no array.`, {
      hint: "Say with `rows` where the items are.",
    });
  }
  const odd = items.findIndex((item) => typeof item !== "object" || item === null);
  if (odd >= 0) throw new SchemaError(`Item ${odd + 1} of the answer is no object.`);
  return items;
}
