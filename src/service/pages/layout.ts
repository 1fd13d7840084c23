import type { Context } from "hono";
import { html } from "hono/html";
import type { ContentfulStatusCode } from "hono/utils/http-status";

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
}

/** A whole page. Every value in it is escaped by `html`. */
export function page(context: Context, { title, place, body }: PageContent, status: ContentfulStatusCode = 200) {
  const shown = places.filter(({ id }) => id !== "queues" || context.get("hasQueue"));
  const markup = html`<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <meta name="viewport" content="width=device-width, initial-scale=1" />
    <meta name="color-scheme" content="light dark" />
    <title>${title} · millrace</title>
    <link rel="icon" href="/assets/icon.svg" type="image/svg+xml" />
    <link rel="stylesheet" href="/assets/app.css" />
    <script src="/assets/app.js" defer></script>
  </head>
  <body>
    <a class="skip" href="#main">To the content</a>
    <header class="bar">
      <a class="brand" href="/"><img src="/assets/icon.svg" alt="" width="20" height="20" />millrace</a>
      <nav class="tabs" aria-label="Pages">
        ${shown.map(
          ({ id, href, text }) => html`<a href="${href}" ${id === place ? html`aria-current="page"` : ""}>${text}</a>`,
        )}
      </nav>
    </header>
    <main id="main">
      ${body}
    </main>
  </body>
</html>`;
  return context.html(markup, status);
}

/** What stands where there is nothing to show: what is missing, and what to do. */
export function empty(what: string, next: Markup | string): Markup {
  return html`<div class="empty"><p>${what}</p><p class="quiet">${next}</p></div>`;
}
