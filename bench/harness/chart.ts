import type { AreaRecord } from "./record.ts";
import { judgedSize } from "./tables.ts";
import { goalText, isHeld, middleText, subjectText } from "./text.ts";

const line = { row: 20, head: 34, gap: 14 } as const;
const left = 430;
const width = 960;
/** Where bars end; longer ones are cut. */
const longest = 2.5;
const scale = (width - left - 130) / longest;

/** Each goal as a bar: what was measured over what may be. Colours suit light and dark pages; held or not is also said in words. */
export function chart(records: readonly AreaRecord[]): string {
  let y = 24;
  const parts: string[] = [];
  for (const record of records) {
    const goals = judgedSize(record)?.goals ?? [];
    if (goals.length === 0) continue;
    parts.push(`<text class="area" x="12" y="${y + 14}">${escaped(record.area)}</text>`);
    y += line.head - 10;
    for (const goal of goals) {
      const length = Math.max(2, Math.min(goal.share, longest) * scale);
      const held = isHeld(goal);
      const more = goal.share > longest ? " »" : "";
      const label = `${middleText(goal)}${more}, ${held ? "held" : "not held"}`;
      parts.push(
        `<text class="name" x="${left - 10}" y="${y + 13}">${escaped(short(goal.case))}<tspan class="quiet"> ${escaped(short(subjectText(goal)))}</tspan></text>`,
        `<rect class="${held ? "held" : "behind"}" x="${left}" y="${y + 3}" width="${length.toFixed(1)}" height="13" rx="2"><title>${escaped(`${goal.case}, ${subjectText(goal)}: ${label}, at most ${goalText(goal)}`)}</title></rect>`,
        `<text class="value" x="${labelX(left + length + 6, label).toFixed(1)}" y="${y + 13}">${escaped(label)}</text>`,
      );
      y += line.row;
    }
    y += line.gap;
  }
  const goalX = left + scale;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${y + 12}" role="img" aria-label="What was measured, as a share of each goal">
<style>
text { font: 12px system-ui, sans-serif; fill: #1f2328; } .name { text-anchor: end; } .area { font-weight: 600; font-size: 14px; }
.quiet, .value { fill: #59636e; } .held { fill: #2f8f5b; } .behind { fill: #c9662b; } .goal { stroke: #1f2328; stroke-dasharray: 3 3; }
@media (prefers-color-scheme: dark) {
text { fill: #e6edf3; } .quiet, .value { fill: #9aa4af; } .held { fill: #4cb782; } .behind { fill: #e58a4f; } .goal { stroke: #e6edf3; }
}
</style>
${parts.join("\n")}
<line class="goal" x1="${goalX}" y1="20" x2="${goalX}" y2="${y}"/>
<text class="value" x="${goalX - 12}" y="14">goal</text>
</svg>
`;
}

/** Beyond the line at the goal where the label would stand on it. */
function labelX(x: number, label: string): number {
  return x < left + scale && x + label.length * 6.5 > left + scale ? left + scale + 6 : x;
}

const short = (text: string): string => (text.length > 38 ? `${text.slice(0, 37)}…` : text);

const escaped = (text: string): string =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll('"', "&quot;");
