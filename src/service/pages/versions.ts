import { html } from "hono/html";
import { ageText, framePath, momentText } from "./format.ts";
import type { FrameHead } from "./frame.ts";
import { empty, type Markup } from "./layout.ts";

/** A version that a storage keeps of a frame. */
export interface ShownVersion {
  readonly version: number;
  readonly saved: Date;
  /** Service and run, as far as they are known. */
  readonly by: string;
  readonly snapshots: readonly string[];
}

/** Versions, newest first, two of which can be compared. */
export function versionsTable(
  { storage, name }: FrameHead,
  versions: readonly ShownVersion[],
  compared: Markup | undefined,
): Markup {
  if (versions.length === 0) return empty("No version is kept.", "");
  const [newest, before] = versions;
  const choice = (field: string, chosen: number | undefined) =>
    html`<select name="${field}">${versions.map(({ version }) => html`<option value="${version}" ${version === chosen ? "selected" : ""}>${version}</option>`)}</select>`;
  const form = html`<form method="get" action="${framePath(storage, name)}/versions" class="row">
      <label>Compare version ${choice("old", before?.version ?? newest?.version)}</label>
      <label>with ${choice("new", newest?.version)}</label>
      <button>Compare</button>
    </form>`;
  return html`${versions.length > 1 ? form : ""}
    ${compared ?? ""}
    <div class="wide" tabindex="0" role="region" aria-label="Versions">
      <table>
        <thead><tr><th scope="col" class="number">Version</th><th scope="col">Saved</th><th scope="col">By</th><th scope="col">Snapshots</th></tr></thead>
        <tbody>
          ${versions.map(
            ({ version, saved, by, snapshots }) => html`<tr>
              <td class="number">${version}</td>
              <td class="name"><time datetime="${saved.toISOString()}" title="${momentText(saved)} UTC">${ageText(saved)}</time></td>
              <td>${by}</td>
              <td>${snapshots.join(", ")}</td>
            </tr>`,
          )}
        </tbody>
      </table>
    </div>`;
}

/** What differs, as text with a fixed width. */
export function comparison(text: string): Markup {
  return html`<pre class="diff" tabindex="0" role="region" aria-label="What differs">${text}</pre>`;
}
