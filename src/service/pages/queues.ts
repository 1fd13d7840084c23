import { html } from "hono/html";
import type { DeadJob, QueueStatus } from "../../queue/operate.ts";
import type { WorkerPresence } from "../../queue/presence.ts";
import type { QueueAction } from "../queue-desk.ts";
import { ageText, countText, durationText, momentText } from "./format.ts";
import { empty, type Markup } from "./layout.ts";

/** Jobs that could not be done which are shown one by one. */
const mostDead = 100;

/** All queues: what is in them, who works on it, what could not be done, and what can be done about it. */
export function queuesPage(queues: readonly QueueStatus[], done: string | undefined): Markup {
  return html`<h1>Queues</h1>
    ${done ? html`<p class="note good" role="status">${done}</p>` : ""}
    ${queues.map(one)}`;
}

function one(status: QueueStatus): Markup {
  const { queue, paused, pipelines, workers, dead } = status;
  const waiting = pipelines.reduce((sum, each) => sum + each.waiting, 0);
  return html`<section aria-label="Queue ${queue}">
    <h2>${queue} ${stateOf(status, waiting)}</h2>
    <div class="row">
      ${paused ? action(queue, "resume", "Resume") : action(queue, "pause", "Pause")}
      ${dead.length > 0 ? action(queue, "redrive", `Redrive ${countText(dead.length)}`) : ""}
      ${waiting > 0 ? ask(queue, "purge", "Purge …", `Remove the ${countText(waiting)} that wait`) : ""}
      ${dead.length > 0 ? ask(queue, "purge-dead", "Purge dead letters …", `Remove the ${countText(dead.length)} that could not be done`) : ""}
    </div>
    ${pipelines.length === 0 ? empty("Nothing was put into this queue in the last day.", html`<code>millrace run</code> puts a run there.`) : jobsTable(queue, pipelines)}
    <h3>Workers</h3>
    ${workers.length === 0 ? empty("No worker takes from this queue.", html`Start one: <code>millrace worker pipelines/*.ts</code>`) : workersTable(queue, workers)}
    ${dead.length === 0 ? "" : deadTable(queue, dead)}
  </section>`;
}

function stateOf({ paused, workers }: QueueStatus, waiting: number): Markup {
  if (paused) return html`<span class="state bad">paused</span>`;
  if (waiting > 0 && workers.every(({ lost }) => lost)) return html`<span class="state bad">nobody works on it</span>`;
  return html`<span class="state good">open</span>`;
}

function action(queue: string, name: QueueAction, text: string): Markup {
  return html`<form method="post" action="/queues/act" class="inline">
    <input type="hidden" name="queue" value="${queue}" />
    <button name="action" value="${name}">${text}</button>
  </form>`;
}

/** What can't be taken back is asked for twice. */
function ask(queue: string, name: QueueAction, text: string, sure: string): Markup {
  return html`<details class="inline"><summary>${text}</summary>${action(queue, name, sure)}</details>`;
}

function jobsTable(queue: string, pipelines: QueueStatus["pipelines"]): Markup {
  return html`<div class="wide" tabindex="0" role="region" aria-label="Jobs of ${queue}">
    <table>
      <thead>
        <tr>
          <th scope="col">Pipeline</th><th scope="col">Version</th><th scope="col">Jobs</th><th scope="col" class="number">Waiting</th>
          <th scope="col" class="number">Active</th><th scope="col" class="number">Done</th><th scope="col" class="number">Failed</th>
          <th scope="col" class="number">Oldest waits</th>
        </tr>
      </thead>
      <tbody>
        ${pipelines.map(
          ({ pipeline, version, kind, waiting, active, done, failed, oldest }) => html`<tr>
            <td class="name"><a href="/runs?pipeline=${encodeURIComponent(pipeline)}">${pipeline}</a></td>
            <td>${version}</td>
            <td>${kind}</td>
            ${[waiting, active, done, failed].map((count) => html`<td class="number">${countText(count)}</td>`)}
            <td class="number">${oldest === null ? "" : durationText(oldest * 1_000)}</td>
          </tr>`,
        )}
      </tbody>
    </table>
  </div>`;
}

function workersTable(queue: string, workers: readonly WorkerPresence[]): Markup {
  return html`<div class="wide" tabindex="0" role="region" aria-label="Workers of ${queue}">
    <table>
      <thead>
        <tr>
          <th scope="col">Host</th><th scope="col" class="number">Process</th><th scope="col">Last seen</th><th scope="col">Sources</th>
          <th scope="col" class="number">Runs led</th><th scope="col">Works on</th>
        </tr>
      </thead>
      <tbody>
        ${workers.map(
          ({ host, pid, silent, lost, sources, concurrency, runs, doing, since }) => html`<tr>
            <td class="name">${host} <span class="quiet">since ${momentText(since)}</span></td>
            <td class="number">${pid}</td>
            <td>${durationText(silent * 1_000)} ago ${lost ? html`<span class="state bad">lost</span>` : ""}</td>
            <td>${sources} of ${concurrency}</td>
            <td class="number">${runs}</td>
            <td>${doing.length === 0 ? html`<span class="quiet">nothing</span>` : doing.map(({ pipeline, step, source }) => html`<p>${pipeline}/${step}: ${source}</p>`)}</td>
          </tr>`,
        )}
      </tbody>
    </table>
  </div>`;
}

function deadTable(queue: string, dead: readonly DeadJob[]): Markup {
  return html`<h3>Dead letters</h3>
    ${dead.length > mostDead ? html`<p class="quiet">The newest ${mostDead} of ${countText(dead.length)}.</p>` : ""}
    <div class="wide" tabindex="0" role="region" aria-label="Dead letters of ${queue}">
      <table>
        <thead><tr><th scope="col">Run</th><th scope="col">Step</th><th scope="col">Source</th><th scope="col">Error</th><th scope="col">When</th></tr></thead>
        <tbody>
          ${dead.slice(0, mostDead).map(
            ({ run, pipeline, step, source, error, at }) => html`<tr>
              <td class="name"><a href="/runs/${encodeURIComponent(run)}">${pipeline}</a> <span class="quiet">${run}</span></td>
              <td>${step ?? ""}</td>
              <td>${source ?? ""}</td>
              <td>${error}</td>
              <td><time datetime="${at.toISOString()}" title="${momentText(at)} UTC">${ageText(at)}</time></td>
            </tr>`,
          )}
        </tbody>
      </table>
    </div>`;
}
