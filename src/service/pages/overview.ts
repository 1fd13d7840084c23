import { html } from "hono/html";
import type { StorageHealth } from "../health.ts";
import { ageText } from "./format.ts";
import { empty, type Markup } from "./layout.ts";

/** A storage as the overview shows it. */
export interface OverviewStorage extends StorageHealth {
  /** Null when its frames can't be listed now. */
  readonly frames: number | null;
}

export function overview(storages: readonly OverviewStorage[]): Markup {
  return html`<h1>Overview</h1>
    <section aria-labelledby="storages">
      <h2 id="storages">Storages</h2>
      ${storages.length === 0 ? empty("There is no storage.", "Register one with the factory.") : ""}
      <ul class="cards">
        ${storages.map(
          ({ storage, ok, checked, frames }) => html`<li class="card">
            <h3><a href="/data?storage=${storage}">${storage}</a> ${state(ok)}</h3>
            <p>${frames === null ? "its frames can't be listed" : `${frames} frame${frames === 1 ? "" : "s"}`}</p>
            <p class="quiet">checked ${ageText(new Date(checked))}</p>
          </li>`,
        )}
      </ul>
    </section>`;
}

function state(ok: boolean): Markup {
  return ok ? html`<span class="state good">up</span>` : html`<span class="state bad">down</span>`;
}
