import { SchemaError } from "../errors.ts";
import { headerOf } from "./http/exchange.ts";
import type { Page } from "./page.ts";
import type { Paging } from "./source.ts";
import { valueAt } from "./values-at.ts";

const endsEmpty = new WeakSet<object>();

/** Whether these pages end with one that has no rows. */
export function mayEndEmpty(paging: object): boolean {
  return endsEmpty.has(paging);
}

function ending(paging: Paging): Paging {
  endsEmpty.add(paging);
  return paging;
}

/** What tells that a page is the last one. */
export interface PagingEnd {
  /** Rows of a whole page: one with fewer is the last. Without it the first page that has no row is. */
  readonly size?: number;
}

/** Pages by their number in the address: `?page=1`, `?page=2` … until one has no row, or fewer than `size`. */
export function pageNumber(
  name = "page",
  { size = 1, first = 1 }: PagingEnd & { readonly first?: number } = {},
): Paging {
  return ending((page, rows) => (rows < size ? null : withQuery(page, name, Number(queryOf(page, name) ?? first) + 1)));
}

/** Pages by the number of rows before them: `?offset=0`, `?offset=100` … until one has no row, or fewer than `size`. */
export function offset(name = "offset", { size = 1 }: PagingEnd = {}): Paging {
  return ending((page, rows) => (rows < size ? null : withQuery(page, name, Number(queryOf(page, name) ?? 0) + rows)));
}

/** Pages by a text that each answer gives for the next one: `cursor("cursor", "meta.next")`. No text, or null, ends it. */
export function cursor(name: string, path: string): Paging {
  return ending((page) => {
    const next = valueAt(page.json(), path);
    if (next === null || next === undefined || next === "" || next === false) return null;
    if (typeof next !== "string" && typeof next !== "number")
      throw new SchemaError(`"${path}" of the answer is no text to go on with.`);
    return withQuery(page, name, next);
  });
}

/** The address of the next page at a path of the answer: `nextUrl("links.next")`. */
export function nextUrl(path: string): Paging {
  return ending((page) => {
    const next = valueAt(page.json(), path);
    if (next === null || next === undefined || next === "") return null;
    if (typeof next !== "string") throw new SchemaError(`"${path}" of the answer is no address.`);
    return next;
  });
}

/** Pages by the header `Link: <…>; rel="next"` (RFC 8288). */
export function linkHeader(): Paging {
  return ending((page) => {
    const header = headerOf(page.headers, "link") ?? "";
    for (const [, target = "", parameters = ""] of header.matchAll(/<([^>]*)>([^<]*)/g)) {
      const rel = /;\s*rel\s*=\s*(?:"([^"]*)"|([^\s;,]+))/i.exec(parameters);
      if ((rel?.[1] ?? rel?.[2] ?? "").toLowerCase().split(/\s+/).includes("next")) return target;
    }
    return null;
  });
}

function queryOf({ request }: Page, name: string): string | null {
  return new URL(request.url).searchParams.get(name);
}

function withQuery({ request }: Page, name: string, value: string | number): string {
  const url = new URL(request.url);
  url.searchParams.set(name, String(value));
  return url.href;
}
