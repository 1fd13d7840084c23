import { html } from "hono/html";
import { framePath } from "./format.ts";
import { empty, type Markup } from "./layout.ts";

export interface ListedFrame {
  readonly storage: string;
  readonly name: string;
}

/** The frames of all storages, with a field to find one. */
export function dataPage(
  frames: readonly ListedFrame[],
  failed: readonly string[],
  storage: string | undefined,
): Markup {
  const save = `factory.createDataSaver("${storage ?? "csv"}").saveData(frame, "prices")`;
  const none = empty("No frame is here yet.", html`Save one: <code>${save}</code>`);
  return html`<h1>Data${storage === undefined ? "" : html` <span class="quiet">in ${storage}</span>`}</h1>
    ${failed.map((type) => html`<p class="note bad" role="alert">${type} can't be listed now.</p>`)}
    ${frames.length === 0 ? none : list(frames)}`;
}

function list(frames: readonly ListedFrame[]): Markup {
  return html`<p>
      <label>Find <input type="search" data-filter="frames" autocomplete="off" /></label>
      <span class="quiet" data-filter-count="frames" aria-live="polite">${frames.length} frame${frames.length === 1 ? "" : "s"}</span>
    </p>
    <div class="wide">
    <table id="frames">
      <thead><tr><th scope="col">Name</th><th scope="col">Storage</th></tr></thead>
      <tbody>
        ${frames.map(
          ({ storage, name }) => html`<tr>
            <td><a href="${framePath(storage, name)}">${name}</a></td>
            <td>${storage}</td>
          </tr>`,
        )}
      </tbody>
    </table>
    </div>`;
}
