import type { Markup } from "../markup.ts";

/** How often a selector was asked, and what it found. */
export interface SelectorCount {
  asked: number;
  found: number;
}

export type SelectorCounts = Map<string, SelectorCount>;

/** More selectors than this are made by the program (`#row-17`): those beyond are not counted. */
const most = 200;

/**
 * The same markup, with each `$(selector)`, `.find(selector)` and `.children(selector)` counted. It costs one look-up: Cheerio makes
 * a class of its own for each document, `$(selector)` goes through its `find`, and nothing else is touched.
 */
export function watched($: Markup, counts: SelectorCounts): Markup {
  const own = $.prototype as Record<"find" | "children", (selector?: unknown) => { length: number }>;
  for (const name of ["find", "children"] as const) {
    const plain = own[name];
    own[name] = function (this: unknown, selector) {
      const found = plain.call(this, selector);
      if (typeof selector === "string") count(counts, selector, found.length);
      return found;
    };
  }
  return $;
}

export function count(counts: SelectorCounts, selector: string, found: number): void {
  const known = counts.get(selector);
  if (known) {
    known.asked++;
    known.found += found;
  } else if (counts.size < most) counts.set(selector, { asked: 1, found });
}

/** Adds a page's counts to those of the crawl. */
export function mergeCounts(all: SelectorCounts, page: SelectorCounts): void {
  for (const [selector, { asked, found }] of page) {
    const known = all.get(selector);
    if (known) {
      known.asked += asked;
      known.found += found;
    } else if (all.size < most) all.set(selector, { asked, found });
  }
}
