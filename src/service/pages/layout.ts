import type { Context } from "hono";
import { html, raw } from "hono/html";
import type { ContentfulStatusCode } from "hono/utils/http-status";
import { addressIn, placeOf, withBase } from "../place.ts";

/** Markup that was escaped already. */
export type Markup = ReturnType<typeof html>;

declare module "hono" {
  interface ContextVariableMap {
    /** Whether there is a page of queues. */
    hasQueue: boolean;
  }
}

/** The pages that the bar at the top leads to. */
const places = [
  { id: "overview", href: "/", text: "Overview" },
  { id: "runs", href: "/runs", text: "Runs" },
  { id: "data", href: "/data", text: "Data" },
  { id: "quarantine", href: "/quarantine", text: "Quarantine" },
  { id: "backups", href: "/backups", text: "Backups" },
  { id: "queues", href: "/queues", text: "Queues" },
] as const;

/** A page: its title, where in the bar it stands, and what is on it. */
export interface PageContent {
  readonly title: string;
  readonly place?: (typeof places)[number]["id"];
  readonly body: Markup | readonly Markup[];
  /** False where the bar leads nowhere: on the page above several services, and before the token is known. */
  readonly bar?: false;
}

/** A whole page. Every value in it is escaped by `html`. */
export async function page(
  context: Context,
  { title, place, body, bar }: PageContent,
  status: ContentfulStatusCode = 200,
) {
  const here = placeOf(context);
  const at = (path: string) => addressIn(here, path);
  const shown = bar === false ? [] : places.filter(({ id }) => id !== "queues" || context.get("hasQueue"));
  const markup = html`<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <meta name="viewport" content="width=device-width, initial-scale=1" />
    <meta name="color-scheme" content="light dark" />
    <title>${title} · ${here.name ?? "millrace"}</title>
    <link rel="icon" href="${at("/assets/icon.svg")}" type="image/svg+xml" />
    <link rel="stylesheet" href="${at("/assets/app.css")}" />
    <script src="${at("/assets/app.js")}" defer></script>
  </head>
  <body>
    <a class="skip" href="#main">To the content</a>
    <header class="bar">
      <a class="brand" href="${here.home ?? at("/")}"><img src="${at("/assets/icon.svg")}" alt="" width="20" height="20" />millrace</a>
      ${here.name === undefined ? "" : html`<a class="service" href="${at("/")}">${here.name}</a>`}
      <nav class="tabs" aria-label="Pages">
        ${shown.map(
          ({ id, href, text }) =>
            html`<a href="${at(href)}" ${id === place ? html`aria-current="page"` : ""}>${text}</a>`,
        )}
      </nav>
    </header>
    <main id="main">
      ${raw(withBase(String(await html`${body}`), here))}
    </main>
  </body>
</html>`;
  return context.html(markup, status);
}

/** What stands where there is nothing to show: what is missing, and what to do. */
export function empty(what: string, next: Markup | string): Markup {
  return html`<div class="empty"><p>${what}</p><p class="quiet">${next}</p></div>`;
}
