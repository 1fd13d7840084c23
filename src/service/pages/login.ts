import { html } from "hono/html";
import type { Markup } from "./layout.ts";

/** Asks for the token. */
export function loginPage(wrong: boolean, next: string): Markup {
  return html`<h1>Who is there?</h1>
    ${wrong ? html`<p class="note bad" role="alert">That is not the token.</p>` : ""}
    <form method="post" action="/login" class="row">
      <input type="hidden" name="next" value="${next}" />
      <label>Token <input type="password" name="token" required autofocus autocomplete="current-password" /></label>
      <button class="strong">Go on</button>
    </form>
    <p class="quiet">It is the value of SERVICE_TOKEN.</p>`;
}
