import { SchemaError } from "../../errors.ts";
import type { Page } from "../page.ts";
import { shownUrl } from "../page-error.ts";
import { mayEndEmpty } from "../paging.ts";
import type { ScraperSource } from "../source.ts";
import { type Ask, type PlainAsk, plainAsk } from "./ask.ts";
import type { PendingPage, PlacedAsk } from "./journal.ts";
import { childPlace, nextPlace } from "./place.ts";

/** Where a page leads. */
export interface Leads {
  readonly asks: readonly PlacedAsk[];
  /** How many of them a list gave. */
  readonly followed: number;
  /** Whether a page without rows is how such pages end. */
  readonly mayBeEmpty: boolean;
}

/** The pages that a page leads to: along `next`, and of a list, those that are to be followed. @throws SchemaError for no address. */
export function leadsTo(page: Page, pending: PendingPage, rows: number, { next, follow }: ScraperSource): Leads {
  const { place, list } = pending;
  const asks: PlacedAsk[] = [];
  if (list) {
    const links = typeof follow === "string" ? linksOf(page, follow) : (follow?.(page) ?? []);
    for (const [index, link] of links.entries())
      asks.push({ ask: askOf(link, false, page), place: childPlace(place, index) });
  }
  const followed = asks.length;
  const further = typeof next === "string" ? linksOf(page, next)[0] : next?.(page, rows);
  if (Array.isArray(further)) {
    for (const [index, ask] of (further as readonly Ask[]).entries())
      asks.push({ ask: askOf(ask, list, page), place: childPlace(place, followed + index) });
  } else if (further !== null && further !== undefined && further !== "") {
    asks.push({ ask: askOf(further as Ask, list, page), place: nextPlace(place) });
  }
  return { asks, followed, mayBeEmpty: typeof next === "function" && mayEndEmpty(next) };
}

function linksOf({ $ }: Page, selector: string): string[] {
  return $(selector)
    .toArray()
    .flatMap((element) => $(element).attr("href") || []);
}

function askOf(ask: Ask, list: boolean, { url }: Page): PlainAsk {
  try {
    return plainAsk(ask, list, url);
  } catch (cause) {
    const link = typeof ask === "string" ? ask : ask.url;
    throw new SchemaError(`"${link}" on ${shownUrl(url)} is no address of a next page.`, { cause });
  }
}
