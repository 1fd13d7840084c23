import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { BenchCase, DataName } from "../harness.ts";
import { type Round, type Rounds, type SizeResult, summarize } from "./results.ts";
import { type Runner, runnerOf } from "./runners.ts";

export interface Size {
  readonly rows: number;
  readonly data: DataName;
}

const say = (line: string) => process.stderr.write(`${line}\n`);

/** Measures cases of an area with a table of that size, group by group. A case that fails is told of, and the others go on. */
export async function measure(
  area: string,
  cases: readonly BenchCase[],
  size: Size,
  rounds: number,
): Promise<SizeResult> {
  const folder = await mkdtemp(join(tmpdir(), "millrace-bench-"));
  const measured = new Map<string, readonly Round[]>();
  const failed = new Map<string, string>();
  try {
    for (const group of new Set(cases.map((each) => each.group))) {
      await takeTurns(
        area,
        { ...size, folder },
        cases.filter((each) => each.group === group),
        rounds,
        { measured, failed },
      );
    }
  } finally {
    // A server that ends itself may still write.
    await rm(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 });
  }
  return { ...size, ...summarize(cases, { measured, failed }) };
}

/** A warm-up for each, then rounds in turn: A B A B. */
async function takeTurns(
  area: string,
  context: Size & { readonly folder: string },
  cases: readonly BenchCase[],
  rounds: number,
  { measured, failed }: { measured: Map<string, readonly Round[]>; failed: Map<string, string> } & Rounds,
): Promise<void> {
  const runners = new Map<BenchCase, Runner>();
  const fail = async (each: BenchCase, cause: unknown) => {
    const reason = cause instanceof Error ? cause.message : String(cause);
    failed.set(each.name, reason);
    measured.delete(each.name);
    say(`not measured  ${each.name}: ${reason}`);
    await runners.get(each)?.close();
    runners.delete(each);
  };
  try {
    for (const each of cases) {
      await runnerOf(area, each, context).then(
        (runner) => void runners.set(each, runner),
        (cause) => fail(each, cause),
      );
    }
    for (let turn = 0; turn <= rounds; turn++) {
      for (const [each, runner] of runners) {
        if (each.once && turn !== 1) continue;
        await runner.round().then(
          (round) => {
            if (turn > 0) measured.set(each.name, [...(measured.get(each.name) ?? []), round]);
            say(
              `${turn === 0 ? "warm-up" : `round ${turn}`}  ${each.name}  ${round.ms.toFixed(round.ms < 10 ? 1 : 0)} ms`,
            );
          },
          (cause) => fail(each, cause),
        );
      }
    }
  } finally {
    for (const runner of runners.values()) await runner.close();
  }
}
