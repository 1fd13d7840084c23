import type { BenchCase, DataName, Goal } from "../harness.ts";

/** One round of one case. */
export interface Round {
  readonly ms: number;
  /** Most memory that the process and its children held together during the round. */
  readonly peakMb: number;
  /** Longest block of the event loop; 0 for another program. */
  readonly blockMs: number;
}

/** A case as it was measured. */
export interface Measured {
  readonly name: string;
  readonly group: string;
  readonly rounds: number;
  readonly ms: Spread;
  readonly peakMb: number;
  readonly blockMs: number;
  /** Median over the median of the group's base: below 1 is faster. */
  readonly ratio: number;
}

interface Spread {
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

/** A goal, and what came out. */
export interface Judged extends Goal {
  readonly case: string;
  /** The ratio; where there is no `against` the figure, and with `plus` what came on top. Of a ratio of times also the bounds over rounds. */
  readonly value: number;
  readonly min?: number;
  readonly max?: number;
  /** What was measured over what may be: up to 1 is held. */
  readonly share: number;
}

/** A goal that could not be judged. */
export interface Unjudged extends Goal {
  readonly case: string;
  readonly reason: string;
}

export interface SizeResult {
  readonly rows: number;
  readonly data: DataName;
  readonly results: readonly Measured[];
  readonly goals: readonly Judged[];
  readonly unjudged: readonly Unjudged[];
  /** Cases that could not be measured, each with the reason. */
  readonly notMeasured: Readonly<Record<string, string>>;
}

/** The rounds of one size, by case; for those without any, the reason. */
export interface Rounds {
  readonly measured: ReadonlyMap<string, readonly Round[]>;
  readonly failed: ReadonlyMap<string, string>;
}

/** Reads the rounds of one size as results, with each goal judged that can be. */
export function summarize(
  cases: readonly BenchCase[],
  { measured, failed }: Rounds,
): Omit<SizeResult, "rows" | "data"> {
  const done = cases.filter(({ name }) => measured.has(name));
  const roundsOf = (name: string) => measured.get(name) ?? [];
  const results = done.map(({ name, group }): Measured => {
    const own = roundsOf(name);
    const peers = done.filter((other) => other.group === group);
    const base = peers.find((other) => other.base) ?? peers[0];
    const times = own.map(({ ms }) => ms);
    const middle = median(times);
    return {
      ...{ name, group, rounds: own.length },
      ms: { median: rounded(middle), min: rounded(Math.min(...times)), max: rounded(Math.max(...times)) },
      peakMb: rounded(Math.max(...own.map(({ peakMb }) => peakMb))),
      blockMs: rounded(Math.max(...own.map(({ blockMs }) => blockMs))),
      ratio: rounded(middle / median(roundsOf(base?.name ?? name).map(({ ms }) => ms))),
    };
  });
  const goals: Judged[] = [];
  const unjudged: Unjudged[] = [];
  for (const { name, goals: wanted = [] } of cases) {
    for (const goal of wanted) {
      const peer = goal.against ?? name;
      const reason = failed.get(name) ?? failed.get(peer);
      if (reason !== undefined) unjudged.push({ case: name, ...goal, reason });
      else if (measured.has(peer)) goals.push(judge(name, goal, roundsOf(name), roundsOf(peer)));
    }
  }
  return { results, goals, unjudged, notMeasured: Object.fromEntries(failed) };
}

function judge(name: string, goal: Goal, own: readonly Round[], peer: readonly Round[]): Judged {
  const { measure = "ms", against, atMost, plus = 0 } = goal;
  const figure = (rounds: readonly Round[]) => {
    const values = rounds.map((round) => round[measure]);
    return measure === "ms" ? median(values) : Math.max(...values);
  };
  const value = figure(own);
  if (against === undefined) return { case: name, ...goal, value: rounded(value), share: rounded(value / atMost) };
  const share = rounded(value / (atMost * figure(peer) + plus));
  if (plus > 0) return { case: name, ...goal, value: rounded(value - atMost * figure(peer)), share };
  const ratios = own.slice(0, peer.length).map((round, index) => round[measure] / (peer[index] as Round)[measure]);
  return {
    ...{ case: name, ...goal, value: rounded(value / figure(peer)), share },
    ...(measure === "ms" && { min: rounded(Math.min(...ratios)), max: rounded(Math.max(...ratios)) }),
  };
}

/** Three digits that count: results stay small and say no more than they know. */
const rounded = (value: number): number => Number(value.toPrecision(3));

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length / 2;
  const upper = sorted[Math.floor(middle)] ?? Number.NaN;
  return Number.isInteger(middle) ? ((sorted[middle - 1] ?? Number.NaN) + upper) / 2 : upper;
}
