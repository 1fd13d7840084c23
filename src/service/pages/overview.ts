import { html } from "hono/html";
import type { RunRecord } from "../../contracts/ledger.ts";
import type { StorageHealth } from "../health.ts";
import { ageText, momentText } from "./format.ts";
import { empty, type Markup } from "./layout.ts";
import { runBars, stateMark } from "./runs.ts";

/** A storage as the overview shows it. */
export interface OverviewStorage extends StorageHealth {
  /** Null when its frames can't be listed now. */
  readonly frames: number | null;
}

/** A pipeline with its last runs, newest first. */
export interface OverviewPipeline {
  readonly name: string;
  readonly runs: readonly RunRecord[];
  readonly next: Date | undefined;
}

export function overview(storages: readonly OverviewStorage[], pipelines: readonly OverviewPipeline[]): Markup {
  return html`<h1>Overview</h1>
    <section aria-labelledby="pipelines">
      <h2 id="pipelines">Pipelines</h2>
      ${pipelines.length === 0 ? empty("No pipeline has run yet.", "await pipeline.run()") : ""}
      <ul class="cards">
        ${pipelines.map(({ name, runs, next }) => {
          const [last] = runs;
          const good = runs.find(({ state }) => state === "done");
          return html`<li class="card">
            <h3><a href="/runs?pipeline=${encodeURIComponent(name)}">${name}</a> ${last ? stateMark(last.state) : ""}</h3>
            ${runs.length > 0 ? runBars(runs) : ""}
            <p class="quiet">${last ? html`<a href="/runs/${last.id}">last run</a> ${ageText(last.began)}` : "never run"}${good && good !== last ? `, last good one ${ageText(good.began)}` : ""}</p>
            ${next ? html`<p class="quiet">next at ${momentText(next)} UTC</p>` : ""}
          </li>`;
        })}
      </ul>
    </section>
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
