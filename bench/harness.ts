/**
 * What an area's file (`bench/<area>.ts`) exports: `export const cases: BenchCase[]`.
 *
 *     export const cases: BenchCase[] = [
 *       { name: "psql load", group: "load", base: true, command: () => ["psql", "-c", "…"] },
 *       { name: "millrace load", group: "load", goals: [{ against: "psql load", atMost: 1.2 }],
 *         async prepare({ rows, folder }) {
 *           const frame = testTable(rows);
 *           return { run: () => saver.saveData(frame, "bench"), close: () => factory.close() };
 *       } },
 *     ];
 */
export interface BenchContext {
  /** Rows of the table. */
  readonly rows: number;
  /** The generated test table, or real data: a million flights. */
  readonly data: DataName;
  /** A folder that all cases of this size share; removed afterwards. */
  readonly folder: string;
}

export type DataName = "test" | "flights";

/** What is measured again and again, in one process that keeps living. */
export interface Prepared {
  /** Before each round, not measured. */
  before?(): Promise<unknown>;
  /** What is measured. A number that it resolves with is taken as the milliseconds. */
  run(): Promise<unknown>;
  close?(): Promise<unknown>;
}

/** What a case is meant to hold: a ratio to another case of its group, or a bound. */
export interface Goal {
  /** Default: `ms`, the median time. */
  readonly measure?: "ms" | "peakMb" | "blockMs";
  /** The case that the ratio is to. Without one the figure itself is bounded. */
  readonly against?: string;
  readonly atMost: number;
  /** What may come on top of the ratio, in the figure's unit: `1.5 × and 3 ms`. */
  readonly plus?: number;
  /** How README names it. Without, only docs/benchmarks.md has it. */
  readonly headline?: string;
}

interface Named {
  readonly name: string;
  /** Cases of one group take turns, and are compared with each other. */
  readonly group: string;
  /** The one of its group that ratios are against; the first one when none says so. */
  readonly base?: boolean;
  readonly goals?: readonly Goal[];
  /** It has no use for the table: measured once, with the largest size. */
  readonly fixed?: true;
  /** One round without a warm-up, for what takes a minute; with the largest size, from a million rows. */
  readonly once?: true;
  /** Measured on real data as well. */
  readonly real?: true;
  /** Part of `npm run bench:quick`. All that its goals are against has to be so, too. */
  readonly quick?: true;
}

/** A case in this project's own code. Its process is measured with all its children. */
interface CodeCase extends Named {
  prepare(context: BenchContext): Promise<Prepared>;
}

/** A case that is another program, started anew for each round: the whole process is measured. */
interface CommandCase extends Named {
  command(context: BenchContext): Program | Promise<Program>;
}

export type Program = readonly [command: string, ...args: string[]];

/** A case of a Python library, in one process that keeps living. */
interface PythonCase extends Named {
  python(context: BenchContext): Promise<PythonPeer>;
}

/** Parts of one program; what one assigns, the next may use. */
export interface PythonPeer {
  readonly python: string;
  readonly once: string;
  /** Before each round, not measured. */
  readonly before?: string;
  readonly measured: string;
  /** How often in a round; the mean is told. */
  readonly times?: number;
}

export type BenchCase = CodeCase | CommandCase | PythonCase;
