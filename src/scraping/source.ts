import type { CheerioCrawlingContext } from "@crawlee/cheerio";
import type { Config } from "../config/settings.ts";
import type { DeclaredSchema, FrameSchema } from "../contracts/frame-schema.ts";
import type { NewRowOf } from "../frame/row-types.ts";
import { readSchema } from "../frame/schema.ts";

/** One fetched page, as `parse` and `next` get it. */
export interface Page {
  /** The page's markup, to be asked with selectors: `$("tr.row")`. Empty for a JSON answer. */
  readonly $: CheerioCrawlingContext["$"];
  /** Where the page came from in the end, after redirects. */
  readonly url: string;
  /** 1 for the start page, then 2, 3 … along `next`. */
  readonly number: number;
  /** What was asked for: the address before redirects. */
  readonly request: { readonly url: string };
  /** The answer as text. */
  readonly body: string;
  /** The answer as JSON. @throws SchemaError when it is none. */
  json(): unknown;
}

/** Addresses to begin with, or a function that takes them from the config. */
export type Start = string | readonly string[] | ((config: Config) => string | readonly string[]);

/** What a scraper source is made of. */
export interface SourceDefinition<Schema extends DeclaredSchema = DeclaredSchema> {
  readonly start: Start;
  /**
   * The columns that the rows must have: `{ ticker: "string", pe: "float64?" }` (`?` allows null), a FrameSchema, or a
   * `frameSchema(…)`, which also gives the rows of `parse` their types.
   */
  readonly schema: Schema;
  /** Columns that name a row. A doubled or missing key fails the source. */
  readonly key?: readonly [string, ...string[]];
  /** The link to the following page: a selector (its first match), or a function; nothing ends the source. */
  readonly next?: string | ((page: Page) => string | null | undefined);
  /** The rows of one page: values by column name. A column that is left out is null. */
  readonly parse: (page: Page) => readonly NewRowOf<Schema>[] | Promise<readonly NewRowOf<Schema>[]>;
  /** Whether finding no row, at all or on a page reached by `next`, is fine. Default: no; the source fails and the old data stays. */
  readonly allowEmpty?: boolean;
  /** More pages than this fail the source: a guard against endless chains. Default: 1,000. */
  readonly maxPages?: number;
  /** How often a page is tried again after 408, 425, 429, 5xx, or no answer. Default: 3. */
  readonly retries?: number;
  /** Milliseconds before the first retry; doubled each time, and `Retry-After` wins. Default: 500. */
  readonly retryDelay?: number;
  /** Milliseconds that one page may take. Default: 30,000. */
  readonly timeout?: number;
  /** Milliseconds to wait before each page but the first. Default: 0. */
  readonly delay?: number;
  /** Headers to send. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** A source of a scraper, ready to run. Made by `source()`. */
export interface ScraperSource extends Required<Omit<SourceDefinition, "schema" | "key" | "next">> {
  readonly schema: FrameSchema;
  readonly key: SourceDefinition["key"];
  readonly next: SourceDefinition["next"];
}

/** Declares a source of a scraper; what is left out gets its default. */
export function source<const Schema extends DeclaredSchema>(definition: SourceDefinition<Schema>): ScraperSource;
export function source(definition: SourceDefinition): ScraperSource {
  return {
    allowEmpty: false,
    maxPages: 1_000,
    retries: 3,
    retryDelay: 500,
    timeout: 30_000,
    delay: 0,
    headers: {},
    ...definition,
    schema: readSchema(definition.schema),
    key: definition.key,
    next: definition.next,
  };
}
