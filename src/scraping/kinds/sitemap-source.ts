import { SchemaError } from "../../errors.ts";
import { frameSchema } from "../../frame/frame-schema.ts";
import type { Ask } from "../crawl/ask.ts";
import type { Page } from "../page.ts";
import { type ScraperSource, type SourceDefinition, source } from "../source.ts";

/** The columns of a sitemap. */
export const sitemapSchema = frameSchema({
  url: "string",
  modified: "datetime[ms, UTC]?",
  frequency: "string?",
  priority: "float64?",
});

/** What a source of a sitemap is made of. */
export type SitemapDefinition = Omit<SourceDefinition, "parse" | "rows" | "fields" | "schema" | "next" | "follow">;

/** Which pages of a sitemap are meant. */
export interface SitemapFilter {
  /** Addresses that match. Default: all. */
  readonly match?: RegExp;
  /** Pages that were modified since then, and those that do not say. */
  readonly since?: Date;
}

/** A source that lists a site's pages by its sitemap: one of addresses, or an index of further ones. */
export function sitemapSource(definition: SitemapDefinition): ScraperSource {
  return source({
    key: ["url"],
    ...definition,
    schema: sitemapSchema,
    parse: entriesOf,
    next: indexOf,
  });
}

/** For `follow`, with a sitemap as the start: leads to the pages that the sitemap lists. */
export function sitemapLinks({ match, since }: SitemapFilter = {}): (page: Page) => readonly Ask[] {
  return (page) => {
    const further = indexOf(page).map((url) => ({ url, list: true }));
    if (further.length > 0) return further;
    return entriesOf(page)
      .filter(({ url, modified }) => (match?.test(url) ?? true) && !(since && modified && modified < since))
      .map(({ url }) => url);
  };
}

function entriesOf({ $, url: address }: Page) {
  if ($("urlset, sitemapindex").length === 0)
    throw new SchemaError("The answer is no sitemap.", { hint: "Look for its address in the site's robots.txt." });
  return $("urlset > url")
    .toArray()
    .map((element) => {
      const part = (name: string) => $(element).children(name).first().text().trim() || null;
      const [url, modified, priority] = [part("loc"), part("lastmod"), part("priority")];
      if (url === null || !URL.canParse(url, address))
        throw new SchemaError(`${JSON.stringify(url)} in the sitemap is no address.`);
      const time = modified === null ? null : new Date(modified);
      if (time && Number.isNaN(time.getTime()))
        throw new SchemaError(`${JSON.stringify(modified)} in the sitemap is no time.`);
      return {
        url: new URL(url, address).href,
        modified: time,
        frequency: part("changefreq"),
        priority: priority === null ? null : Number(priority),
      };
    });
}

function indexOf({ $ }: Page): string[] {
  return $("sitemapindex > sitemap > loc")
    .toArray()
    .map((element) => $(element).text().trim());
}
