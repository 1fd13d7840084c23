import { SchemaError } from "../../errors.ts";
import { frameSchema } from "../../frame/frame-schema.ts";
import type { Markup } from "../markup.ts";
import type { Page } from "../page.ts";
import { type ScraperSource, type SourceDefinition, source } from "../source.ts";

/** The columns of a feed's entries. */
export const feedSchema = frameSchema({
  id: "string",
  title: "string?",
  link: "string?",
  published: "datetime[ms, UTC]?",
  updated: "datetime[ms, UTC]?",
  author: "string?",
  summary: "string?",
  categories: "list[string]",
});

/** What a source of a feed is made of. */
export type FeedDefinition = Omit<SourceDefinition, "parse" | "rows" | "fields" | "schema">;

/** A source that reads RSS (0.9x, 1.0, 2.0) and Atom feeds; `key` is `id`. `mode: "upsert"` keeps entries that the feed drops later. */
export function feedSource(definition: FeedDefinition): ScraperSource {
  return source({ key: ["id"], ...definition, schema: feedSchema, parse: feedRows });
}

type Element = ReturnType<Markup>;

function feedRows(page: Page) {
  const { $ } = page;
  const entries = $("item, entry").toArray();
  if (entries.length === 0 && $("rss, feed, rdf\\:RDF, channel").length === 0) {
    throw new SchemaError("The answer is no RSS or Atom feed.", {
      hint: "Check the address: it has to be the feed's own.",
    });
  }
  return entries.map((element, index) => {
    const entry = $(element);
    const textOf = (...names: string[]) => first(entry, names);
    const link = linkOf($, entry, page.url);
    const id = textOf("guid", "id") ?? entry.attr("rdf:about") ?? link ?? textOf("title");
    if (id === null || id === undefined)
      throw new SchemaError(`Entry ${index + 1} of the feed has neither id, link nor title.`);
    return {
      id,
      title: textOf("title"),
      link,
      published: momentOf(textOf("pubDate", "published", "issued", "dc:date")),
      updated: momentOf(textOf("updated", "modified", "dcterms:modified")),
      author: textOf("author > name", "dc:creator", "author"),
      summary: textOf("description", "summary", "content\\:encoded", "content"),
      categories: entry
        .children("category")
        .toArray()
        .flatMap((each) => $(each).attr("term") || $(each).text().trim() || []),
    };
  });
}

function first(entry: Element, names: readonly string[]): string | null {
  for (const name of names) {
    const text = entry
      .find(`> ${name.replace(/(?<!\\):/g, "\\:")}`)
      .first()
      .text()
      .trim();
    if (text !== "") return text;
  }
  return null;
}

/** Atom's link stands in an attribute, and there may be several: the one to the page itself counts. */
function linkOf($: Markup, entry: Element, base: string): string | null {
  const links = entry
    .children("link")
    .toArray()
    .map((each) => $(each));
  const own = links.find((each) => (each.attr("rel") ?? "alternate") === "alternate") ?? links[0];
  const target = own?.attr("href") ?? own?.text().trim();
  return target && URL.canParse(target, base) ? new URL(target, base).href : null;
}

/** RFC 822, as RSS has it, or ISO 8601. */
function momentOf(text: string | null): Date | null {
  if (text === null) return null;
  const moment = new Date(text.replace(/\bUT\b/, "GMT"));
  if (!Number.isNaN(moment.getTime())) return moment;
  throw new SchemaError(`${JSON.stringify(text)} in the feed is no time.`);
}
