import { describe, expect, test } from "vitest";
import { areaOf, areas, casesAt, sizesOf } from "../../bench/harness/areas.ts";
import { limits } from "../../bench/harness/limits.ts";
import { summarize } from "../../bench/harness/results.ts";
import { goalId } from "../../bench/harness/text.ts";
import type { BenchCase } from "../../bench/harness.ts";

describe.each(areas)("the bench of %s", (area) => {
  test("has goals only against cases that take turns with theirs, and one yardstick for each quick group", async () => {
    const { cases } = await areaOf(area);
    expect(new Set(cases.map(({ name }) => name)).size).toBe(cases.length);
    for (const { group, goals = [] } of cases) {
      for (const { against } of goals) {
        if (against !== undefined) expect(cases).toContainEqual(expect.objectContaining({ name: against, group }));
      }
    }
    const quick = Map.groupBy(
      cases.filter((each) => each.quick),
      ({ group }) => group,
    );
    for (const [group, members] of quick) {
      expect(members.filter(({ goals }) => !goals).length, group).toBe(1);
      expect(members.length, group).toBeGreaterThan(1);
    }
  });

  test("says what limits a figure only of goals that there are", async () => {
    const { cases } = await areaOf(area);
    const ids = cases.flatMap(({ name, goals = [] }) => goals.map((goal) => goalId({ case: name, ...goal })));
    expect(Object.keys(limits[area] ?? {}).filter((id) => !ids.includes(id))).toEqual([]);
  });
});

const command = () => ["true"] as const;
const cases: BenchCase[] = [
  { name: "peer", group: "a", base: true, command },
  { name: "other peer", group: "a", command },
  {
    ...{ name: "own", group: "a", command },
    goals: [
      { against: "peer", atMost: 1.5 },
      { against: "other peer", atMost: 1 },
      { against: "peer", atMost: 1, plus: 40 },
      { measure: "peakMb", atMost: 100 },
    ],
  },
];
const rounds = (...ms: number[]) => ms.map((each) => ({ ms: each, peakMb: 110, blockMs: 0 }));

test("a ratio is that of the medians, with the least and the greatest of a round beside it, and is judged by its goal", () => {
  const measured = new Map([
    ["peer", rounds(100, 90, 200)],
    ["own", rounds(140, 135, 220)],
  ]);
  const { goals, unjudged, results } = summarize(cases, {
    measured,
    failed: new Map([["other peer", "it could not be installed"]]),
  });
  expect(goals).toMatchObject([
    { against: "peer", value: 1.4, min: 1.1, max: 1.5, share: 0.933 },
    { plus: 40, value: 40, share: 1 },
    { measure: "peakMb", value: 110, share: 1.1 },
  ]);
  expect(unjudged).toMatchObject([{ case: "own", against: "other peer", reason: "it could not be installed" }]);
  expect(results.find(({ name }) => name === "own")).toMatchObject({ ratio: 1.4, ms: { median: 140, min: 135 } });
});

test("cases that need no table are measured with the largest one only, and real data by those that are made for it", () => {
  const mixed: BenchCase[] = [
    { name: "sized", group: "a", real: true, command },
    { name: "fixed", group: "b", fixed: true, command },
    { name: "once", group: "c", once: true, command },
  ];
  const names = (asked?: string) => {
    const sizes = sizesOf({ cases: mixed }, asked);
    return sizes.map((size) => casesAt(mixed, size, sizes).map(({ name }) => name));
  };
  expect(names()).toEqual([["sized"], ["sized"], ["sized", "fixed", "once"], ["sized"]]);
  expect(names("10,20")).toEqual([["sized"], ["sized", "fixed"]]);
});
