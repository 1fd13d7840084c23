import { type AreaRecord, recall } from "./record.ts";
import { figure, goalId, isHeld, markdownTable, sizeText, subjectText } from "./text.ts";

/** Prints what a change did: the last results of this machine beside the recorded ones, for sizes that both have. */
export async function compare(areas: readonly string[]): Promise<void> {
  for (const area of areas) {
    const [before, now] = [await recall("recorded", area), await recall("latest", area)];
    if (!before || !now)
      console.log(`\n${area}: ${before ? `nothing measured yet: npm run bench -- ${area}` : "nothing recorded"}`);
    else console.log(`\n## ${area}\n\n${comparison(before, now)}`);
  }
}

function comparison(before: AreaRecord, now: AreaRecord): string {
  const rows = now.sizes.flatMap((size) => {
    const old = before.sizes.find(({ rows, data }) => rows === size.rows && data === size.data);
    if (!old) return [];
    const goals = size.goals.flatMap((goal) => {
      const was = old.goals.find((each) => goalId(each) === goalId(goal));
      if (!was) return [];
      const turned = isHeld(goal) === isHeld(was) ? "" : isHeld(goal) ? "now held" : "no longer held";
      return [
        [
          sizeText(size),
          goal.case,
          subjectText(goal),
          figure(was.value),
          figure(goal.value),
          change(was.value, goal.value),
          turned,
        ],
      ];
    });
    const cases = size.results.flatMap(({ name, ms }) => {
      const was = old.results.find((each) => each.name === name);
      return was
        ? [[sizeText(size), name, "ms", figure(was.ms.median), figure(ms.median), change(was.ms.median, ms.median), ""]]
        : [];
    });
    return [...goals, ...cases];
  });
  if (rows.length === 0) return "No size is in both: measure the recorded ones.";
  return markdownTable(["rows", "case", "what", "recorded", "now", "change", ""], rows, 3);
}

const change = (was: number, is: number): string => `${is >= was ? "+" : ""}${(((is - was) / was) * 100).toFixed(0)} %`;
