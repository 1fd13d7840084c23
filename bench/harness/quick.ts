import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { BenchCase } from "../harness.ts";
import { areaOf } from "./areas.ts";
import { measure } from "./measure.ts";
import { median } from "./results.ts";
import { markdownTable } from "./text.ts";

/** How many times worse than recorded fails. */
const tolerance = 1.5;
const rounds = 3;
/** When so much time is gone, no further group is begun: a machine that slow has other things to do. */
const mostMs = 120_000;
/** What looks worse is measured so often again: load on the machine passes, a slow-down stays. */
const repeats = 4;
/** Runs whose median is recorded. */
const recordedRuns = 3;
const file = join(import.meta.dirname, "..", "results", "quick.json");

/** By area and case: its best time over that of its group's yardstick, in the same run. What else the machine does only ever adds to a time. */
type Ratios = Record<string, number>;

/**
 * The short run of the checks: small tables, few rounds, and only cases whose yardstick is in npm's packages, so that nothing has to be
 * installed. Resolves with whether every ratio is below 1.5 times the recorded one.
 */
export async function quick(areas: readonly string[], { record }: { record: boolean }): Promise<boolean> {
  const recorded: Record<string, Ratios> = await readFile(file, "utf8").then(JSON.parse, () => ({}));
  const lines: string[][] = [];
  const began = performance.now();
  let left = 0;
  for (const area of areas) {
    const { cases, quickRows = 20_000 } = await areaOf(area);
    for (const group of new Set(cases.filter((each) => each.quick).map((each) => each.group))) {
      if (!record && performance.now() - began > mostMs) {
        left += 1;
        continue;
      }
      const look = () =>
        ratiosOf(
          area,
          cases.filter((each) => each.quick && each.group === group),
          quickRows,
        );
      if (record) recorded[area] = { ...recorded[area], ...(await typical(look)) };
      else lines.push(...(await check(area, recorded[area] ?? {}, look).catch(notMeasured)));
    }
  }
  if (record) await writeFile(file, `${JSON.stringify(recorded, null, 1)}\n`);
  console.log(
    record ? JSON.stringify(recorded, null, 1) : markdownTable(["area", "case", "recorded", "now", ""], lines, 2),
  );
  if (left > 0) console.log(`${left} groups were left out: the machine is busy.`);
  return lines.every((line) => line.at(-1) === "");
}

/** Only what was measured can be worse: what does not work at all is for the tests to find. */
function notMeasured(cause: unknown): [] {
  console.log(cause instanceof Error ? cause.message : cause);
  return [];
}

/** One line for each case that is recorded. */
async function check(area: string, recorded: Ratios, look: () => Promise<Ratios>): Promise<string[][]> {
  const best = await look();
  const isWorse = (name: string) =>
    (best[name] ?? Number.POSITIVE_INFINITY) > (recorded[name] ?? Number.POSITIVE_INFINITY) * tolerance;
  for (let again = 0; again < repeats && Object.keys(best).some(isWorse); again++) {
    for (const [name, ratio] of Object.entries(await look())) best[name] = Math.min(best[name] ?? ratio, ratio);
  }
  return Object.entries(best).map(([name, ratio]) => [
    ...[area, name, recorded[name]?.toFixed(2) ?? "new", ratio.toFixed(2)],
    isWorse(name) ? `${tolerance} x worse` : "",
  ]);
}

async function typical(look: () => Promise<Ratios>): Promise<Ratios> {
  const seen: Ratios[] = [];
  for (let run = 0; run < recordedRuns; run++) seen.push(await look());
  const names = Object.keys(seen[0] ?? {});
  return Object.fromEntries(
    names.map((name) => [name, Number(median(seen.map((each) => each[name] ?? Number.NaN)).toPrecision(3))]),
  );
}

/** The yardstick is the case of the group that has no goal. */
async function ratiosOf(area: string, cases: readonly BenchCase[], rows: number): Promise<Ratios> {
  const { results, notMeasured } = await measure(area, cases, { rows, data: "test" }, rounds);
  const failed = Object.entries(notMeasured).map(([name, reason]) => `${name}: ${reason}`);
  if (failed.length > 0) throw new Error(`The quick bench of ${area} could not be measured. ${failed.join("; ")}`);
  const yardstick = cases.find((each) => !each.goals);
  const best = results.find(({ name }) => name === yardstick?.name)?.ms.min ?? Number.NaN;
  return Object.fromEntries(
    results.filter(({ name }) => name !== yardstick?.name).map(({ name, ms }) => [name, ms.min / best]),
  );
}
