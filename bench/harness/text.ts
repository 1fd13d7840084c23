import type { Goal } from "../harness.ts";
import type { Size } from "./measure.ts";
import type { Judged } from "./results.ts";

const units = { ms: "ms", peakMb: "MB", blockMs: "ms" } as const;
const subjects = { ms: "time", peakMb: "most memory", blockMs: "longest block of the event loop" } as const;

/** What a goal is about: `most memory, to pandas read`. */
export function subjectText({ measure = "ms", against }: Goal): string {
  return against === undefined ? subjects[measure] : `${subjects[measure]}, to ${against}`;
}

/** `1.5`, `50 ms`, or `3 ms beyond 1.5 x`. */
export function goalText({ measure = "ms", against, atMost, plus }: Goal): string {
  if (against === undefined) return `${atMost} ${units[measure]}`;
  return plus === undefined ? `${atMost}` : `${plus} ${units[measure]} beyond ${atMost} x`;
}

export function valueText({ measure = "ms", against, plus, value, min, max }: Judged): string {
  if (against === undefined || plus !== undefined) return `${figure(value)} ${units[measure]}`;
  return min === undefined || max === undefined ? figure(value) : `${figure(value)} (${figure(min)} to ${figure(max)})`;
}

/** Without the bounds of its rounds. */
export const middleText = ({ min: _, max: __, ...goal }: Judged): string => valueText(goal);

export function sizeText({ rows, data }: Size): string {
  return `${rows.toLocaleString("en")}${data === "flights" ? " flights" : ""}`;
}

export const isHeld = ({ share }: Judged): boolean => share <= 1;

/** Which goal it is, whatever came out. */
export const goalId = ({ case: name, against, measure = "ms" }: Goal & { readonly case: string }): string =>
  `${name} / ${against ?? ""} ${measure}`;

/** Few digits: `0.034`, `1.2`, `27`, `1,340`. */
export function figure(value: number): string {
  if (value >= 100) return Math.round(value).toLocaleString("en");
  return String(Number(value.toPrecision(value >= 10 ? 3 : 2)));
}

/** A table in Markdown; columns after the first `texts` ones are numbers. */
export function markdownTable(head: readonly string[], rows: readonly (readonly string[])[], texts = 1): string {
  const lines = [head, ...rows].map((line) => line.map((cell) => cell.replaceAll("|", "\\|")));
  const widths = head.map((_, column) => Math.max(3, ...lines.map((line) => line[column]?.length ?? 0)));
  const written = lines.map((line) =>
    widths.map((width, column) =>
      column < texts ? (line[column] ?? "").padEnd(width) : (line[column] ?? "").padStart(width),
    ),
  );
  const rule = widths.map((width, column) => (column < texts ? "-".repeat(width) : `${"-".repeat(width - 1)}:`));
  return [written[0] ?? [], rule, ...written.slice(1)].map((line) => `| ${line.join(" | ")} |`).join("\n");
}
