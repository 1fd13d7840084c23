import { html } from "hono/html";
import type { BackupRecord } from "../../contracts/restorable-backup.ts";
import { ageText, countText, momentText, sizeText } from "./format.ts";
import { empty, type Markup } from "./layout.ts";

/** All backups, newest first, each with what can be done with it. */
export function backupsPage(backups: readonly BackupRecord[], done: string | undefined): Markup {
  return html`<h1>Backups</h1>
    ${done ? html`<p class="note good" role="status">${done}</p>` : ""}
    ${backups.length === 0 ? empty("There is no backup yet.", html`<code>saveWithBackup</code> makes one before it saves.`) : table(backups)}`;
}

function table(backups: readonly BackupRecord[]): Markup {
  return html`<div class="wide" tabindex="0" role="region" aria-label="Backups">
    <table>
      <thead>
        <tr><th scope="col">Frame</th><th scope="col">Made</th><th scope="col" class="number">Rows</th><th scope="col" class="number">Size</th><th scope="col">Proof</th><th scope="col">Actions</th></tr>
      </thead>
      <tbody>
        ${backups.map(
          (backup) => html`<tr>
            <td class="name">${backup.storage}:${backup.source} <span class="quiet">#${backup.sequence}</span></td>
            <td class="name"><time datetime="${backup.created.toISOString()}" title="${momentText(backup.created)} UTC">${ageText(backup.created)}</time></td>
            <td class="number">${countText(backup.rows)}</td>
            <td class="number">${sizeText(backup.bytes)}</td>
            <td class="name">${backup.proven ? html`<span class="state good">proven</span> <span class="quiet">${ageText(backup.proven)}</span>` : html`<span class="quiet">not yet</span>`}</td>
            <td class="name">
              <form method="post" action="/backups/prove" class="inline">${about(backup)}<button>Prove</button></form>
              <form method="get" action="/backups/restore" class="inline">${about(backup)}<button>Restore …</button></form>
            </td>
          </tr>`,
        )}
      </tbody>
    </table>
  </div>`;
}

function about({ storage, source, sequence }: BackupRecord): Markup {
  return html`<input type="hidden" name="backup" value="${storage}:${source}@${sequence}" />`;
}

/** What a restore would change, and the button that does it. */
export function restorePage(backup: BackupRecord, changes: readonly string[]): Markup {
  return html`<p class="path"><a href="/backups">Backups</a></p>
    <h1>Restore ${backup.source}</h1>
    <p>The backup of ${momentText(backup.created)} UTC, with ${countText(backup.rows)} rows, takes the place of what stands at ${backup.storage}:${backup.source} now.</p>
    <ul>${changes.map((line) => html`<li>${line}</li>`)}</ul>
    <p class="quiet">What stands there is backed up first.</p>
    <form method="post" action="/backups/restore" class="row">
      ${about(backup)}
      <button class="strong">Restore</button>
      <a href="/backups">Leave it</a>
    </form>`;
}
