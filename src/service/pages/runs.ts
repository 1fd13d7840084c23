import { html } from "hono/html";
import type { KeptError, RunRecord, SourceRecord, StepRecord } from "../../contracts/ledger.ts";
import { ageText, countText, durationText, momentText, sizeText } from "./format.ts";
import { empty, type Markup } from "./layout.ts";

const tones: Readonly<Record<string, string>> = {
  done: "good",
  failed: "bad",
  interrupted: "bad",
  stopped: "bad",
  running: "busy",
};

/** A state in a word, with a colour. */
export function stateMark(state: string): Markup {
  return html`<span class="state ${tones[state] ?? ""}">${state}</span>`;
}

/** Runs that stand as bars beside each other. */
const shownBars = 30;

/** The last runs of a pipeline as small bars: as high as they took long, in the colour of how they ended. The newest is on the right. */
export function runBars(runs: readonly RunRecord[]): Markup {
  const shown = runs.slice(0, shownBars).reverse();
  const seconds = shown.map((run) => lengthOf(run));
  const most = Math.max(0.001, ...seconds);
  const empty = shownBars - shown.length;
  const good = shown.filter(({ state }) => state === "done").length;
  return html`<svg class="runs" role="img" aria-label="${shown.length === 0 ? "No run yet" : `${good} of the last ${shown.length} runs are done`}" viewBox="0 0 179 24" height="24" preserveAspectRatio="none">
    ${Array.from({ length: empty }, (_, i) => html`<rect class="none" x="${i * 6}" y="21" width="5" height="3"></rect>`)}
    ${shown.map((run, i) => {
      const height = Math.max(6, Math.round(((seconds[i] ?? 0) / most) * 24));
      return html`<rect class="${tones[run.state] ?? ""}" x="${(empty + i) * 6}" y="${24 - height}" width="5" height="${height}"><title>${run.state}, ${momentText(run.began)}</title></rect>`;
    })}
  </svg>`;
}

export function runsPage(
  runs: readonly RunRecord[],
  pipeline: string | undefined,
  runnable: readonly string[],
): Markup {
  return html`<h1>Runs${pipeline === undefined ? "" : html` <span class="quiet">of ${pipeline}</span>`}</h1>
    ${runnable.length > 0 ? html`<div class="row">${runnable.map((name) => action(`/pipelines/${encodeURIComponent(name)}/run`, `Run ${name}`))}</div>` : ""}
    ${runs.length === 0 ? empty("No run yet.", "A pipeline's runs stand here: await pipeline.run().") : runsTable(runs)}`;
}

function runsTable(runs: readonly RunRecord[]): Markup {
  return html`<div class="wide" tabindex="0" role="region" aria-label="Runs">
    <table>
      <thead><tr><th scope="col">Pipeline</th><th scope="col">State</th><th scope="col">Began</th><th scope="col" class="number">Took</th><th scope="col" class="number">Rows</th><th scope="col">Run</th></tr></thead>
      <tbody>
        ${runs.map(
          (run) => html`<tr>
            <td class="name"><a href="/runs?pipeline=${encodeURIComponent(run.pipeline)}">${run.pipeline}</a></td>
            <td>${stateMark(run.state)}</td>
            <td class="name"><time datetime="${run.began.toISOString()}" title="${momentText(run.began)} UTC">${ageText(run.began)}</time></td>
            <td class="number">${tookText(run)}</td>
            <td class="number">${countText(run.rows)}</td>
            <td class="name"><a href="/runs/${run.id}">${run.id}</a></td>
          </tr>`,
        )}
      </tbody>
    </table>
  </div>`;
}

/** What can be done with a run from here. */
export interface RunActions {
  readonly stop: boolean;
  readonly resume: boolean;
  readonly undo: boolean;
}

export function runPage(
  run: RunRecord,
  steps: readonly StepRecord[],
  sources: readonly SourceRecord[],
  can: RunActions,
): Markup {
  const live = run.state === "running";
  return html`<p class="path"><a href="/runs">Runs</a> / <a href="/runs?pipeline=${encodeURIComponent(run.pipeline)}">${run.pipeline}</a></p>
    <div id="live" ${live ? html`data-live="/api/runs/${run.id}/events"` : ""}>
      <h1>${run.pipeline} ${stateMark(run.state)}</h1>
      <p class="quiet">
        ${[run.id, `began ${momentText(run.began)} UTC`, ...(tookText(run) === "" ? [] : [`took ${tookText(run)}`]), `${countText(run.rows)} rows`, sizeText(run.bytes), `version ${run.version}`, ...(run.resumed > 0 ? [`gone on with ${run.resumed} times`] : [])].join(" · ")}
      </p>
      ${run.error ? failureNote(run.error) : ""}
      <div class="row">
        ${can.stop ? action(`/runs/${run.id}/stop`, "Stop") : ""}
        ${can.resume ? action(`/runs/${run.id}/resume`, "Resume", { strong: true }) : ""}
        ${can.undo ? action(`/runs/${run.id}/undo`, "Undo") : ""}
      </div>
      <h2>Steps</h2>
      ${steps.length === 0 ? empty("No step has begun.", "") : timeline(run, steps)}
      ${steps.map((step) =>
        stepSources(
          run,
          step,
          sources.filter((source) => source.step === step.name),
        ),
      )}
    </div>`;
}

function failureNote({ message, hint, code }: KeptError): Markup {
  return html`<div class="note bad" role="alert"><p>${message}</p>${hint ? html`<p>${hint}</p>` : ""}${code ? html`<p class="quiet">${code}</p>` : ""}</div>`;
}

const width = 600;
const rowHeight = 26;

/** Steps over time. */
function timeline(run: RunRecord, steps: readonly StepRecord[]): Markup {
  const start = run.began.getTime();
  const known = steps.flatMap(({ began, ended }) => [began ?? run.began, ended ?? run.began]);
  const last = new Date(Math.max(...known.map((moment) => moment.getTime())));
  const now = run.ended ?? (run.state === "running" ? new Date() : last);
  const end = Math.max(start + 1, now.getTime());
  const at = (moment: Date | null) => (((moment ?? now).getTime() - start) / (end - start)) * width;
  return html`<div class="wide">
    <svg class="timeline" role="img" aria-label="Steps over time" viewBox="0 0 ${width} ${steps.length * rowHeight}" height="${steps.length * rowHeight}" preserveAspectRatio="none">
      ${steps.map((step, i) => {
        const from = Math.max(0, Math.min(width - 2, at(step.began)));
        const length = Math.max(2, Math.min(width, at(step.ended)) - from);
        const state = stateIn(run, step.state);
        return html`<rect class="${tones[state] ?? ""}" x="${from}" y="${i * rowHeight + 4}" width="${length}" height="${rowHeight - 8}" rx="3"><title>${step.name}: ${state}</title></rect>`;
      })}
    </svg>
    <table>
      <thead><tr><th scope="col">Step</th><th scope="col">State</th><th scope="col" class="number">Took</th><th scope="col" class="number">Rows</th></tr></thead>
      <tbody>
        ${steps.map(
          (step) => html`<tr>
            <th scope="row">${step.name} <span class="quiet">${step.kind}</span></th>
            <td>${stateMark(stateIn(run, step.state))}</td>
            <td class="number">${stepTook(run, step)}</td>
            <td class="number">${countText(step.rows)}</td>
          </tr>`,
        )}
      </tbody>
    </table>
  </div>`;
}

function stepTook(run: RunRecord, { began, ended }: StepRecord): string {
  const end = ended ?? (run.state === "running" ? new Date() : null);
  return began && end ? durationText(end.getTime() - began.getTime()) : "";
}

/** Sources that are shown at once. */
const shownSources = 200;

function stepSources(run: RunRecord, step: StepRecord, sources: readonly SourceRecord[]): Markup {
  if (sources.length === 0 || (sources.length === 1 && sources[0]?.source === "*" && !sources[0].error)) return html``;
  // What went wrong first: of a thousand sources one is looked for.
  const sorted = [...sources].sort((a, b) => Number(b.error !== null) - Number(a.error !== null));
  return html`<h2>Sources of ${step.name}</h2>
    <div class="wide" tabindex="0" role="region" aria-label="Sources of ${step.name}">
      <table>
        <thead><tr><th scope="col">Source</th><th scope="col">State</th><th scope="col" class="number">Tries</th><th scope="col" class="number">Rows</th><th scope="col" class="number">Took</th><th scope="col">Note</th></tr></thead>
        <tbody>
          ${sorted.slice(0, shownSources).map(
            ({ source, state, attempts, rows, durationMs, error, note }) => html`<tr>
              <th scope="row">${source}</th>
              <td>${stateMark(stateIn(run, state))}</td>
              <td class="number">${attempts}</td>
              <td class="number">${countText(rows)}</td>
              <td class="number">${durationText(durationMs)}</td>
              <td>${error?.message ?? note ?? ""}</td>
            </tr>`,
          )}
        </tbody>
      </table>
    </div>
    ${sources.length > shownSources ? html`<p class="quiet">${countText(sources.length - shownSources)} more.</p>` : ""}`;
}

/** A button that does something. `label` says it in full where the text is short. */
export function action(path: string, text: string, { strong, label }: { strong?: true; label?: string } = {}): Markup {
  return html`<form method="post" action="${path}" class="inline"><button class="${strong ? "strong" : ""}" ${label === undefined ? "" : html`aria-label="${label}"`}>${text}</button></form>`;
}

/** Seconds that a run took, or has taken so far; 0 for one that was killed: nobody knows when. */
function lengthOf({ began, ended, state }: RunRecord): number {
  const end = ended ?? (state === "running" ? new Date() : began);
  return Math.max(0, (end.getTime() - began.getTime()) / 1_000);
}

function tookText(run: RunRecord): string {
  return run.ended === null && run.state !== "running" ? "" : durationText(lengthOf(run) * 1_000);
}

/** What was under way when its run was killed is so no longer. */
function stateIn(run: RunRecord, state: string): string {
  return state === "running" ? run.state : state;
}
