import { html } from "hono/html";
import { framePath } from "./format.ts";
import { empty, type Markup } from "./layout.ts";

/** Rows that were put aside for one destination. */
export interface QuarantinedFrame {
  readonly storage: string;
  /** Where the rows were to go. */
  readonly destination: string;
  readonly name: string;
  readonly rows: number;
  /** The reasons with the number of rows, most first. */
  readonly reasons: readonly (readonly [reason: string, rows: number])[];
  /** Those that can try them again. */
  readonly pipelines: readonly string[];
}

export function quarantinePage(frames: readonly QuarantinedFrame[], done: string | undefined): Markup {
  return html`<h1>Quarantine</h1>
    ${done ? html`<p class="note good" role="status">${done}</p>` : ""}
    ${frames.length === 0 ? empty("No row is put aside.", 'Rows that break a check come here, with onFail: "quarantine".') : table(frames)}`;
}

function table(frames: readonly QuarantinedFrame[]): Markup {
  return html`<div class="wide" tabindex="0" role="region" aria-label="Quarantine">
    <table>
      <thead><tr><th scope="col">Destination</th><th scope="col" class="number">Rows</th><th scope="col">Why</th><th scope="col">Actions</th></tr></thead>
      <tbody>
        ${frames.map(
          ({ storage, destination, name, rows, reasons, pipelines }) => html`<tr>
            <td class="name"><a href="${framePath(storage, name)}">${storage}:${destination}</a></td>
            <td class="number">${rows}</td>
            <td>${reasons.slice(0, 3).map(([reason, count]) => html`<p>${reason} <span class="quiet">${count}</span></p>`)}</td>
            <td>
              ${pipelines.map(
                (pipeline) => html`<form method="post" action="/quarantine/retry" class="inline">
                  <input type="hidden" name="pipeline" value="${pipeline}" />
                  <input type="hidden" name="destination" value="${storage}:${destination}" />
                  <button>Retry with ${pipeline}</button>
                </form>`,
              )}
            </td>
          </tr>`,
        )}
      </tbody>
    </table>
  </div>`;
}
