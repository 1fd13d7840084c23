import { html } from "hono/html";
import type { FailureAnswer } from "../answers.ts";
import type { Markup } from "./layout.ts";

/** What went wrong, and what to do next. */
export function problemPage({ status, error }: FailureAnswer): Markup {
  return html`<h1>${status === 404 ? "There is nothing here" : "That did not work"}</h1>
    <p class="note bad" role="alert">${error.message}</p>
    ${error.hint ? html`<p>${error.hint}</p>` : ""}
    <p class="quiet">${error.code}</p>
    <p><a href="/">To the overview</a></p>`;
}
