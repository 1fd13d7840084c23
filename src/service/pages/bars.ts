import { html } from "hono/html";
import type { Markup } from "./layout.ts";

const height = 28;
const barWidth = 6;

/** Small bars, one for each count, as high as its share of the largest. `label` says in words what they show. */
export function bars(counts: readonly number[], label: string): Markup {
  const most = Math.max(1, ...counts);
  const width = counts.length * barWidth;
  return html`<svg class="bars" role="img" aria-label="${label}" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}">
    ${counts.map((count, i) => {
      const size = count === 0 ? 0 : Math.max(1, Math.round((count / most) * height));
      return html`<rect x="${i * barWidth}" y="${height - size}" width="${barWidth - 1}" height="${size}"></rect>`;
    })}
  </svg>`;
}

/** A share from 0 to 1 as a bar that is filled so far. */
export function share(value: number, label: string): Markup {
  return html`<svg class="share" role="img" aria-label="${label}" viewBox="0 0 100 6" width="100" height="6" preserveAspectRatio="none">
    <rect class="ground" width="100" height="6"></rect>
    <rect width="${Math.round(value * 1000) / 10}" height="6"></rect>
  </svg>`;
}
