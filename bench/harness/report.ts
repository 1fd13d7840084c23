import { limits } from "./limits.ts";
import type { AreaRecord, Machine } from "./record.ts";
import type { Judged } from "./results.ts";
import { casesTable, goalsTable, judgedSize } from "./tables.ts";
import { goalId, goalText, isHeld, markdownTable, middleText, sizeText, subjectText, valueText } from "./text.ts";

const goalsOf = (record: AreaRecord): readonly Judged[] => judgedSize(record)?.goals ?? [];

/** docs/benchmarks.md, all of it. */
export function report(records: readonly AreaRecord[]): string {
  const [newest] = records.toSorted((a, b) => b.run.localeCompare(a.run));
  if (!newest) return `${opening}\nNothing is recorded yet: \`npm run bench\`.\n`;
  const goals = records.flatMap(goalsOf);
  const held = goals.filter(isHeld).length;
  const isOneRun = records.every(({ run }) => run === newest.run);
  const when = isOneRun
    ? `All of it was measured in one run on ${day(newest.run)}:`
    : `Not all areas were measured in one run: each says when it was. The newest is of ${day(newest.run)}:`;
  return [
    opening,
    `${when} ${newest.rounds} rounds after a warm-up, ${machineText(newest.machine)}.`,
    versionsText(newest.machine),
    `**${held} of ${goals.length} goals are held.** Each bar is what was measured as a share of its goal:`,
    "![Every goal as a bar, with a line at the goal](images/benchmarks.svg)",
    ...records.map((record) => areaText(record, isOneRun)),
    "",
  ].join("\n\n");
}

const opening = `<!-- written by \`npm run bench\` and \`npm run docs\` from bench/results -->

# Benchmarks

\`npm run bench\` measures millrace beside its peers and writes this page; \`npm run bench -- csv\` measures one area, \`npm run bench -- compare\` then
shows what a change did. Every case has a process of its own, and the cases of a group take turns (A B A B). Times are medians, in brackets the least and the greatest
of a round; ratios are millrace's time over the peer's, so below 1 is faster. Memory is the most that a process and its children held, shared pages counted once. Goals are judged at the largest
generated table; smaller ones show how cost grows, and \`flights\` is real data: a million flights of the npm package \`vega-datasets\`.`;

function areaText(record: AreaRecord, isOneRun: boolean): string {
  const behind = goalsOf(record).filter((goal) => !isHeld(goal));
  const reasons = behind.map((goal) => {
    const reason = limits[record.area]?.[goalId(goal)] ?? "What limits it was not looked into yet.";
    return `- **${goal.case}**, ${subjectText(goal)}, ${valueText(goal)} instead of ${goalText(goal)}: ${reason}`;
  });
  const sizes = record.sizes.map(
    (size) => `### ${record.area}, ${sizeText(size)}${size.data === "test" ? " rows" : ""}\n\n${casesTable(size)}`,
  );
  return [
    `## ${record.area}`,
    ...(isOneRun ? [] : [`Measured on ${day(record.run)}.`]),
    ...(goalsOf(record).length > 0 ? [goalsTable(record)] : ["No goals: the floor below the others."]),
    ...(reasons.length > 0 ? [`What limits those that are not held:\n\n${reasons.join("\n")}`] : []),
    ...sizes,
  ].join("\n\n");
}

/** The table in README: the goals that have a headline. */
export function readmeTable(records: readonly AreaRecord[]): string {
  const goals = records.flatMap(goalsOf);
  const rows = goals.flatMap((goal) =>
    goal.headline === undefined
      ? []
      : [[goal.headline, middleText(goal), goalText(goal), isHeld(goal) ? "held" : "not held"]],
  );
  if (rows.length === 0) return "Nothing is recorded yet: `npm run bench`.";
  const held = goals.filter(isHeld).length;
  const [{ machine }] = records as [AreaRecord];
  return [
    markdownTable(["ratio of times, below 1 is faster", "", "at most", ""], rows),
    `${machine.cores} cores, medians; ${held} of ${goals.length} goals are held. [The whole table](docs/benchmarks.md) has peers, sizes, memory, and what limits the others.`,
  ].join("\n\n");
}

const day = (run: string): string => run.slice(0, 10);

const machineText = ({ cpu, cores, memoryGb, kernel }: Machine): string =>
  `${cores} cores (${cpu}), ${memoryGb} GB, ${kernel}`;

function versionsText({ versions }: Machine): string {
  return `Versions: ${Object.entries(versions)
    .map(([name, version]) => `${name} ${version}`)
    .join(", ")}.`;
}
