import type { DeclaredSchema, FrameSchema } from "../contracts/frame-schema.ts";
import { ConfigError, MillraceError, SchemaError } from "../errors.ts";
import type { NewRowOf } from "../frame/row-types.ts";
import { didYouMean } from "../system/nearest.ts";
import { type DateFormat, parseDate } from "./dates.ts";
import type { Markup } from "./markup.ts";
import type { Page } from "./page.ts";
import { isAbsent, type NumberFormat, parseInteger, parseNumber, parsePercent } from "./values.ts";

/** How one column is read within a row. Made by `text()`, `number()` … */
export interface Field<Value> {
  /** The CSS selector of the element within the row; empty for the row itself. */
  readonly selector: string;
  /** The attribute that has the text; undefined for the element's own text. */
  readonly attribute: string | undefined;
  /** Whether a text that can't be read is null. It is never so unless declared. */
  readonly unreadable: "error" | "null";
  /** The value of a text; `null` for no value. @throws SchemaError */
  read(text: string, page: Page): Value | null;
}

/** What every field takes. */
export interface FieldOptions {
  /** The attribute that has the text, in place of the element's own text. */
  readonly attr?: string;
  /** `"null"` makes a text that can't be read null. Default: it is an error that fails the source. */
  readonly unreadable?: "error" | "null";
}

/** A field for each column of the schema. */
export type FieldsOf<Schema extends DeclaredSchema> = string extends keyof NewRowOf<Schema>
  ? Readonly<Record<string, Field<unknown>>>
  : {
      readonly [Name in keyof NewRowOf<Schema>]-?:
        | Field<NonNullable<NewRowOf<Schema>[Name]> & {}>
        | Field<NewRowOf<Schema>[Name] & (string | number)>;
    };

function make<Value>(
  selector: string,
  { attr, unreadable = "error" }: FieldOptions,
  read: Field<Value>["read"],
): Field<Value> {
  return { selector, attribute: attr, unreadable, read };
}

/** The text of the first element that the selector finds in the row (`""`: of the row itself), spaces in a row as one. */
export function text(selector: string, options: FieldOptions & Pick<NumberFormat, "absent"> = {}): Field<string> {
  return make(selector, options, (shown) => (isAbsent(shown, options) ? null : shown));
}

/** As `parseNumber`: `1,234.5`, `$1.2B`. */
export function number(selector: string, options: FieldOptions & NumberFormat = {}): Field<number> {
  return make(selector, options, (shown) => parseNumber(shown, options));
}

/** As `parseInteger`: `12,345`. */
export function integer(selector: string, options: FieldOptions & NumberFormat = {}): Field<number> {
  return make(selector, options, (shown) => parseInteger(shown, options));
}

/** As `parsePercent`: `-1.25%` is `-0.0125`. */
export function percent(selector: string, options: FieldOptions & NumberFormat = {}): Field<number> {
  return make(selector, options, (shown) => parsePercent(shown, options));
}

/** As `parseDate`: `date("td.day", "dd.MM.yyyy")`. */
export function date(selector: string, format: string, options: FieldOptions & DateFormat = {}): Field<string> {
  return make(selector, options, (shown) => parseDate(shown, format, options));
}

/** The whole address that a link leads to. */
export function link(selector: string, options: FieldOptions = {}): Field<string> {
  return make(selector, { attr: "href", ...options }, (shown, page) => {
    if (shown === "") return null;
    if (URL.canParse(shown, page.url)) return new URL(shown, page.url).href;
    throw new SchemaError(`${JSON.stringify(shown)} is no address.`);
  });
}

/** A value that a function of one's own makes of the text. */
export function value<Value>(
  selector: string,
  read: (text: string) => Value | null,
  options: FieldOptions = {},
): Field<Value> {
  return make(selector, options, (shown) => read(shown));
}

/**
 * A parser that reads the fields of each row.
 *
 * @throws ConfigError when the fields are not the columns of the schema.
 */
export function fieldParser(
  rows: string | undefined,
  fields: Readonly<Record<string, Field<unknown>>>,
  schema: FrameSchema,
): (page: Page) => Record<string, unknown>[] {
  if (!rows) throw new ConfigError("`fields` need `rows`, the selector of a row.", { hint: 'Write rows: "tr.row".' });
  const columns = schema.fields.map(({ name }) => name);
  const unknown = Object.keys(fields).find((name) => !columns.includes(name));
  if (unknown !== undefined)
    throw new ConfigError(`The schema has no column for the field "${unknown}".${didYouMean(unknown, columns)}`);
  const missing = schema.fields.find(({ name, nullable }) => !nullable && !Object.hasOwn(fields, name));
  if (missing)
    throw new ConfigError(`The column "${missing.name}" has no field.`, {
      hint: "Add one, or let the column be null with `?`.",
    });
  const entries = Object.entries(fields);
  const nullable = new Set(schema.fields.filter((field) => field.nullable).map(({ name }) => name));
  return (page) => {
    const { $ } = page;
    return $(rows)
      .toArray()
      .map((element, index) => {
        const row = $(element);
        return Object.fromEntries(
          entries.map(([name, field]) => [name, cell(name, field, row, index, page, nullable)]),
        );
      });
  };
}

type Row = ReturnType<Markup>;

function cell(
  name: string,
  field: Field<unknown>,
  row: Row,
  index: number,
  page: Page,
  nullable: ReadonlySet<string>,
): unknown {
  const { selector, attribute } = field;
  const found = selector === "" ? row : row.find(selector).first();
  const shown = (attribute === undefined ? found.text() : found.attr(attribute)) ?? "";
  const where = `the field "${name}" (${JSON.stringify(selector)}${attribute === undefined ? "" : `, attribute ${attribute}`}) of row ${index + 1}`;
  let read: unknown;
  try {
    read = found.length === 0 ? null : field.read(shown.replace(/\s+/g, " ").trim(), page);
  } catch (cause) {
    if (field.unreadable === "null" && cause instanceof SchemaError) return null;
    const message = cause instanceof Error ? cause.message : String(cause);
    throw new SchemaError(`In ${where}: ${message}`, {
      cause,
      ...(cause instanceof MillraceError && cause.hint ? { hint: cause.hint } : {}),
    });
  }
  if (read !== null || nullable.has(name)) return read;
  throw new SchemaError(
    found.length === 0
      ? `In ${where}: the selector finds nothing.`
      : `In ${where}: ${JSON.stringify(shown.trim())} stands for no value, and the column allows none.`,
    { hint: "Mend the selector, or let the column be null with `?` after its type." },
  );
}
