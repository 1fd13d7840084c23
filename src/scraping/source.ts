import type { Config } from "../config/settings.ts";
import type { DeclaredSchema, FrameSchema } from "../contracts/frame-schema.ts";
import { ConfigError } from "../errors.ts";
import type { DataFrame } from "../frame/polars.ts";
import type { NewRowOf } from "../frame/row-types.ts";
import { readSchema } from "../frame/schema.ts";
import type { Ask } from "./crawl/ask.ts";
import type { Login } from "./crawl/login.ts";
import type { DownloadFormat } from "./download/format.ts";
import { type Field, type FieldsOf, fieldParser } from "./fields.ts";
import type { Health } from "./gate/health.ts";
import type { Page } from "./page.ts";

export type { Page } from "./page.ts";

/** Addresses to begin with, or a function that takes them from the config. */
export type Start = Ask | readonly Ask[] | ((config: Config) => Ask | readonly Ask[] | Promise<Ask | readonly Ask[]>);

/** Texts by name, or a function that takes them from the config, as all secrets have to be. */
export type FromConfig<T> = T | ((config: Config) => T);

/** Where a page leads: one page behind it; or several, in their order; or nowhere. */
export type Next = Ask | readonly Ask[] | null | undefined;

/** How pages come one after the other; `rows` is how many the page gave. Ready-made: `pageNumber`, `offset`, `cursor`, `linkHeader`. */
export type Paging = (page: Page, rows: number) => Next;

/** What the rows of a page are: values by column. A column that is left out is null. */
type Parsed<Schema> = readonly NewRowOf<Schema>[] | DataFrame;

/** What a scraper source is made of. */
export interface SourceDefinition<Schema extends DeclaredSchema = DeclaredSchema> {
  /** Where it begins: one address or several, or a function of the config that gives them. */
  readonly start: Start;
  /**
   * The columns that the rows must have: `{ ticker: "string", pe: "float64?" }` (`?` allows null), a FrameSchema, or a
   * `frameSchema(…)`, which also gives the rows of `parse` their types.
   */
  readonly schema: Schema;
  /** Columns that name a row. A doubled or missing key fails the source. */
  readonly key?: readonly [string, ...string[]];
  /** The link to the following page: a selector (its first match), or a function; nothing ends the source. */
  readonly next?: string | Paging;
  /** The links to the pages that have the rows: a selector (all matches), or a function. The pages before them are not parsed. */
  readonly follow?: string | ((page: Page) => readonly Ask[]);
  /** The rows of one page. Either this, or `rows` with `fields`. */
  readonly parse?: (page: Page) => Parsed<Schema> | Promise<Parsed<Schema>>;
  /** The selector of a row, for `fields`. */
  readonly rows?: string;
  /** How each column is read within a row: `{ ticker: text("td.t"), price: number("td.p") }`. */
  readonly fields?: FieldsOf<Schema>;
  /** Whether finding no row, at all or on a page reached by `next`, is fine. Default: no; the source fails and the old data stays. */
  readonly allowEmpty?: boolean;
  /** What the health gate allows; `false` compares with no earlier run. */
  readonly health?: Health | false;
  /** How rows are saved. Default: in place of what was there. */
  readonly mode?: "replace" | "append" | "upsert";

  /** Requests at once to one host. Default: 4. */
  readonly concurrency?: number;
  /** Milliseconds between two requests to one host. Default: 250; 0 for the hosts of `allowPrivate`. */
  readonly delay?: number;
  /** Whether robots.txt is obeyed. Default: yes. Say no only where the site's owner allowed you. */
  readonly robots?: boolean;
  /** Milliseconds that a host may ask to be left alone (Retry-After, crawl-delay). Default: 120,000. */
  readonly maxWait?: number;
  /** Whether pages are kept and asked for with conditions (ETag, Last-Modified). Default: yes. */
  readonly cache?: boolean;
  /** Headers to send. `authorization` and `cookie` only from the config: `(config) => ({ authorization: … })`. */
  readonly headers?: FromConfig<Readonly<Record<string, string>>>;
  /** Cookies to begin with. */
  readonly cookies?: (config: Config) => Readonly<Record<string, string>>;
  /** Logs in before the first page; cookies are kept. It may resolve with headers to send, such as a token. */
  readonly login?: Login;
  /** Proxies to go through, in turn. */
  readonly proxies?: (config: Config) => readonly string[];
  /** Further names of query parts, headers and fields that are secrets: a record does not hold their values. */
  readonly secrets?: readonly string[];

  /** How often a page is tried again after 408, 425, 429, 5xx, or no answer. Default: 3. */
  readonly retries?: number;
  /** Milliseconds before the first retry; doubled each time, and `Retry-After` wins. Default: 500. */
  readonly retryDelay?: number;
  /** Pages that may fail before the crawl ends; the source fails with any. Default: 10. */
  readonly maxFailures?: number;
  /** Statuses of pages that may be missing, such as `[404, 410]`: they give no rows, and the log says so. Default: none. */
  readonly skip?: readonly number[];
  /** Milliseconds that an interrupted crawl stays young enough to be gone on with by itself. Default: an hour. */
  readonly resumeWithin?: number;

  /** Private hosts, addresses and networks that may be asked: `["127.0.0.1", "10.0.0.0/8"]`. Default: SCRAPE_ALLOW_PRIVATE. */
  readonly allowPrivate?: readonly string[];
  /** More pages than this from one start address fail the source: a guard against endless chains. Default: 1,000. */
  readonly maxPages?: number;
  /** Milliseconds that one page may take. Default: 30,000. */
  readonly timeout?: number;
  /** Milliseconds that the whole source may take. Default: 12 hours. */
  readonly maxTime?: number;
  /** Bytes that an answer may have as it is sent. Default: 16 MB; of a download 2 GB. */
  readonly maxBytes?: number;
  /** Bytes that an answer may unpack to. Default: 64 MB; of a download 16 GB. */
  readonly maxUnpacked?: number;
  /** Redirects in a row. Default: 5. */
  readonly maxRedirects?: number;
  /** A selector that a BrowserScraper waits for before it reads a page. */
  readonly ready?: string;
}

type Defaulted =
  | "allowEmpty"
  | "health"
  | "mode"
  | "concurrency"
  | "robots"
  | "maxWait"
  | "cache"
  | "headers"
  | "cookies"
  | "proxies"
  | "secrets"
  | "retries"
  | "retryDelay"
  | "maxFailures"
  | "skip"
  | "resumeWithin"
  | "allowPrivate"
  | "maxPages"
  | "timeout"
  | "maxTime"
  | "maxBytes"
  | "maxUnpacked"
  | "maxRedirects";

/** A source of a scraper, ready to run. Made by `source()`. */
export interface ScraperSource
  extends Required<Pick<SourceDefinition, Defaulted>>,
    Pick<SourceDefinition, "key" | "next" | "follow" | "delay" | "login" | "ready"> {
  /** Where it begins: one address or several, or a function of the config that gives them. */
  readonly start: Start;
  /** The columns of its rows. */
  readonly schema: FrameSchema;
  /** Reads a page, when it is no download. */
  readonly parse:
    | ((page: Page) => readonly unknown[] | DataFrame | Promise<readonly unknown[] | DataFrame>)
    | undefined;
  /** How the file is read, when the source is a download. */
  readonly download: DownloadFormat | undefined;
  /** What tells this definition from another, so that a crawl is not gone on with by other code. */
  readonly print: string;
}

const hour = 3_600_000;

const defaults = {
  allowEmpty: false,
  health: {},
  mode: "replace",
  concurrency: 4,
  robots: true,
  maxWait: 120_000,
  cache: true,
  headers: {},
  cookies: () => ({}),
  proxies: () => [],
  secrets: [],
  retries: 3,
  retryDelay: 500,
  maxFailures: 10,
  skip: [],
  resumeWithin: hour,
  allowPrivate: [],
  maxPages: 1_000,
  timeout: 30_000,
  maxTime: 12 * hour,
  maxBytes: 16 << 20,
  maxUnpacked: 64 << 20,
  maxRedirects: 5,
} as const satisfies Pick<SourceDefinition, Defaulted>;

/** Declares a source of a scraper; what is left out gets its default. @throws ConfigError for one that can't be right. */
export function source<const Schema extends DeclaredSchema>(definition: SourceDefinition<Schema>): ScraperSource;
export function source(definition: SourceDefinition): ScraperSource {
  const { parse, rows, fields } = definition;
  const schema = readSchema(definition.schema);
  if ((parse === undefined) === (fields === undefined)) {
    throw new ConfigError("A source has either `parse`, or `rows` with `fields`.");
  }
  const read = parse ?? fieldParser(rows, fields as Readonly<Record<string, Field<unknown>>>, schema);
  return define(definition, schema, read, undefined);
}

/** A source of any kind. */
export function define(
  definition: Omit<SourceDefinition, "parse" | "rows" | "fields">,
  schema: FrameSchema,
  parse: ScraperSource["parse"],
  download: DownloadFormat | undefined,
): ScraperSource {
  checkHeaders(definition.headers);
  if (definition.mode === "upsert" && definition.key === undefined) {
    throw new ConfigError("A source that is saved with mode upsert needs a `key`.");
  }
  return {
    ...defaults,
    ...definition,
    schema,
    parse,
    download,
    print: printOf(definition, schema),
    key: definition.key,
    next: definition.next,
    follow: definition.follow,
  };
}

/** A secret that stands in the program would end up in its repository. */
function checkHeaders(headers: SourceDefinition["headers"]): void {
  if (typeof headers !== "object") return;
  const secret = Object.keys(headers).find((name) =>
    /^(?:authorization|proxy-authorization|cookie|x-api-key)$/i.test(name),
  );
  if (secret === undefined) return;
  throw new ConfigError(`The header "${secret}" of a source is a secret, and has to come from the config.`, {
    hint: `Write headers: (config) => ({ "${secret}": String(config.MY_TOKEN) }).`,
  });
}

function printOf(definition: object, schema: FrameSchema): string {
  const asText = (_: string, value: unknown) =>
    typeof value === "function" || value instanceof RegExp ? String(value) : value;
  return JSON.stringify([schema, definition], asText);
}
