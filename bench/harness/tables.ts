import type { AreaRecord } from "./record.ts";
import type { SizeResult } from "./results.ts";
import { figure, goalId, goalText, isHeld, markdownTable, sizeText, subjectText, valueText } from "./text.ts";

/** Where an area's goals are judged: at the largest generated table. */
export function judgedSize({ sizes }: AreaRecord): SizeResult | undefined {
  return sizes.filter(({ data }) => data === "test").at(-1) ?? sizes.at(-1);
}

/** One line for each goal, with what came out at each size: so growth shows. */
export function goalsTable(record: AreaRecord): string {
  const judged = judgedSize(record);
  const rows = (judged?.goals ?? []).map((goal) => {
    const at = record.sizes.map(({ goals }) => goals.find((each) => goalId(each) === goalId(goal)));
    const cells = at.map((each) => (each ? valueText(each) : ""));
    return [goal.case, subjectText(goal), goalText(goal), ...cells, isHeld(goal) ? "held" : "**not held**"];
  });
  const missing = (judged?.unjudged ?? []).map((goal) => {
    return [goal.case, subjectText(goal), goalText(goal), ...record.sizes.map(() => ""), "not measured"];
  });
  return markdownTable(["", "what", "at most", ...record.sizes.map(sizeText), ""], [...rows, ...missing], 2);
}

/** Every case of one size, with medians, bounds, memory and blocks. */
export function casesTable({ results, notMeasured }: SizeResult): string {
  const rows = results.map(({ group, name, ms, ratio, peakMb, blockMs }) => [
    ...[group, name, figure(ms.median), figure(ms.min), figure(ms.max), figure(ratio)],
    ...[figure(peakMb), blockMs > 0 ? figure(blockMs) : ""],
  ]);
  const missing = Object.keys(notMeasured).map((name) => ["", name, "not measured"]);
  const head = ["group", "case", "median ms", "min", "max", "ratio", "peak MB", "block ms"];
  const reasons = Object.entries(notMeasured).map(([name, reason]) => `- ${name}: not measured: ${reason}`);
  return [markdownTable(head, [...rows, ...missing], 2), ...reasons.slice(0, 1).map(() => ""), ...reasons].join("\n");
}
