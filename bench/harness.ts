/**
 * What an area's file (`bench/<area>.ts`) exports: `export const cases: BenchCase[]`.
 *
 *     export const cases: BenchCase[] = [
 *       { name: "psql load", group: "load", base: true, command: () => ["psql", "-c", "…"] },
 *       { name: "millrace load", group: "load", async prepare({ rows, folder }) {
 *           const frame = testTable(rows);
 *           return { run: () => saver.saveData(frame, "bench"), close: () => factory.close() };
 *       } },
 *     ];
 */
export interface BenchContext {
  /** Rows of the test table, as asked on the command line. */
  readonly rows: number;
  /** A folder that all cases of the run share; removed afterwards. */
  readonly folder: string;
}

/** What is measured again and again, in one process that keeps living. */
export interface Prepared {
  /** Before each round, not measured. */
  before?(): Promise<unknown>;
  /** What is measured. A number that it resolves with is taken as the milliseconds. */
  run(): Promise<unknown>;
  close?(): Promise<unknown>;
}

interface Named {
  readonly name: string;
  /** Cases of one group are compared with each other. */
  readonly group: string;
  /** The one of its group that ratios are against; the first one when none says so. */
  readonly base?: boolean;
}

/** A case in this project's own code. Its process is measured with all its children. */
interface CodeCase extends Named {
  prepare(context: BenchContext): Promise<Prepared>;
}

/**
 * A case that is another program. It is started anew for each round; if its last line of output is a number, that
 * is taken as the milliseconds, so that a peer can leave its own start out.
 */
interface CommandCase extends Named {
  command(context: BenchContext): readonly [string, ...string[]];
}

export type BenchCase = CodeCase | CommandCase;

/** One round of one case. */
export interface Round {
  readonly ms: number;
  /** Most memory that the process and its children held together during the round. */
  readonly peakMb: number;
  /** Longest block of the event loop; 0 for another program. */
  readonly blockMs: number;
}

export interface Result {
  readonly name: string;
  readonly group: string;
  readonly rounds: readonly Round[];
  readonly medianMs: number;
  readonly minMs: number;
  readonly maxMs: number;
  readonly peakMb: number;
  readonly blockMs: number;
  /** Median over the median of the group's base: below 1 is faster. */
  readonly ratio: number;
}

/** Reads the measured rounds as one line of the table for each case. */
export function summarize(cases: readonly BenchCase[], rounds: ReadonlyMap<string, readonly Round[]>): Result[] {
  const medianOf = (name: string) => median((rounds.get(name) ?? []).map((round) => round.ms));
  return cases.map(({ name, group }) => {
    const own = rounds.get(name) ?? [];
    const peers = cases.filter((other) => other.group === group);
    const base = peers.find((other) => other.base) ?? peers[0];
    return {
      name,
      group,
      rounds: own,
      medianMs: medianOf(name),
      minMs: Math.min(...own.map((round) => round.ms)),
      maxMs: Math.max(...own.map((round) => round.ms)),
      peakMb: Math.max(...own.map((round) => round.peakMb)),
      blockMs: Math.max(...own.map((round) => round.blockMs)),
      ratio: medianOf(name) / medianOf(base?.name ?? name),
    };
  });
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length / 2;
  const upper = sorted[Math.floor(middle)] ?? Number.NaN;
  return Number.isInteger(middle) ? ((sorted[middle - 1] ?? Number.NaN) + upper) / 2 : upper;
}
