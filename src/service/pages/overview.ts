import { html } from "hono/html";
import type { RunRecord } from "../../contracts/ledger.ts";
import type { StorageHealth } from "../health.ts";
import { ageText, momentText, untilText } from "./format.ts";
import { empty, type Markup } from "./layout.ts";
import { action, runBars, stateMark } from "./runs.ts";

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
  /** Whether it can be run from here. */
  readonly canRun: boolean;
}

export interface Overview {
  readonly storages: readonly OverviewStorage[];
  readonly pipelines: readonly OverviewPipeline[];
}

export function overview({ storages, pipelines }: Overview): Markup {
  return html`<h1>Overview</h1>
    <section aria-labelledby="pipelines">
      <h2 id="pipelines">Pipelines</h2>
      ${pipelines.length === 0 ? noPipeline() : pipelineCards(pipelines)}
    </section>
    <section aria-labelledby="storages">
      <h2 id="storages">Storages</h2>
      ${storages.length === 0 ? empty("There is no storage.", "Register one with the factory.") : ""}
      <ul class="cards">
        ${storages.map(
          ({ storage, state, checked, frames }) => html`<li class="card">
            <h3><a href="/data?storage=${storage}">${storage}</a> ${healthMark(state)}</h3>
            <p>${frames === null ? "its frames can't be listed" : `${frames} frame${frames === 1 ? "" : "s"}`}</p>
            <p class="quiet">${state === "unused" ? "millrace doctor says what it needs" : `checked ${ageText(new Date(checked))}`}</p>
          </li>`,
        )}
      </ul>
    </section>`;
}

/** One service of several. */
export interface ServiceOverview extends Overview {
  readonly name: string;
  /** Where its own pages are. */
  readonly base: string;
}

/** All services of a folder: those with trouble are seen at once, the rest is calm. */
export function servicesOverview(services: readonly ServiceOverview[]): Markup {
  return html`<h1>Services</h1>
    <div class="services">
    ${services.map(
      ({ name, base, pipelines, storages }) => html`<section aria-labelledby="service-${name}">
        <h2 id="service-${name}"><a href="${base}">${name}</a></h2>
        <ul class="chips" aria-label="Storages of ${name}">
          ${storages
            .filter(({ state, frames }) => state === "down" || frames !== 0)
            .map(
              ({ storage, state, frames }) =>
                html`<li><a href="${base}/data?storage=${storage}">${storage}</a> ${healthMark(state)} <span class="quiet">${frames === null ? "not listed" : `${frames} frame${frames === 1 ? "" : "s"}`}</span></li>`,
            )}
        </ul>
        ${pipelines.length === 0 ? noPipeline() : pipelineCards(pipelines, base)}
      </section>`,
    )}
    </div>`;
}

function noPipeline(): Markup {
  return empty("No pipeline has run yet.", html`<code>npx millrace run pipelines/daily.ts</code>`);
}

function pipelineCards(pipelines: readonly OverviewPipeline[], base = ""): Markup {
  return html`<ul class="cards">
    ${pipelines.map(({ name, runs, next, canRun }) => {
      const [last] = runs;
      const good = runs.find(({ state }) => state === "done");
      return html`<li class="card">
        <h3><a href="${base}/runs?pipeline=${encodeURIComponent(name)}">${name}</a> ${last ? stateMark(last.state) : ""}</h3>
        ${runBars(runs)}
        <p class="quiet">${last ? html`<a href="${base}/runs/${last.id}">last run</a> ${ageText(last.began)}` : "never run"}${good && good !== last ? `, last good one ${ageText(good.began)}` : ""}</p>
        <div class="ends">
          <span class="quiet">${next ? html`next <time datetime="${next.toISOString()}" title="${momentText(next)} UTC">${untilText(next)}</time>` : "no schedule"}</span>
          ${canRun ? action(`${base}/pipelines/${encodeURIComponent(name)}/run`, "Run", { label: `Run ${name}` }) : ""}
        </div>
      </li>`;
    })}
  </ul>`;
}

const marks = { up: ["good", "up"], down: ["bad", "down"], unused: ["", "not set up"] } as const;

function healthMark(state: StorageHealth["state"]): Markup {
  const [tone, text] = marks[state];
  return html`<span class="state ${tone}">${text}</span>`;
}
