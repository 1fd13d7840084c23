import type { DataFrame } from "nodejs-polars";

/** What a check knows besides the rows. */
export interface CheckContext {
  /** The name under which the rows are to be saved. */
  readonly destination: string;
  /** The column it stands at; undefined for one on all rows or on freshness. */
  readonly column?: string | undefined;
  /** Rows of the last save that passed, to compare with; undefined when there was none. */
  readonly lastRows?: number | undefined;
  /** The moment of the check. */
  readonly now: Date;
}

/** What a check found. A check on single rows names them; one on the whole frame does not. */
export interface Violation {
  /** What is wrong, in one sentence that names column, first row and value. */
  readonly message: string;
  /** Rows, counted from 0, that break the rule; undefined when it is about the frame as a whole. */
  readonly rows?: readonly number[] | undefined;
}

/** One rule that rows have to keep before they are saved. Made by `notNull()`, `between()` …, or a function of one's own. */
export interface Check {
  /** As it is shown: `between(0, 1000000)`. */
  readonly name: string;
  /** Null when the rule holds. */
  find(rows: DataFrame, context: CheckContext): Promise<Violation | null> | Violation | null;
}

/** A check of one's own: a sentence says what is wrong, `null`, `undefined` or `true` that nothing is. */
export type CheckFunction = (
  rows: DataFrame,
  context: CheckContext,
) => string | true | null | undefined | Promise<string | true | null | undefined>;

/**
 * The checks of a step: by column, `rows` for the number of rows, `freshness` for the newest time, and `frame` for functions on
 * the whole. A column that is called like one of these is written `"column:rows"`.
 */
export type Checks = Readonly<Record<string, Check | CheckFunction | readonly (Check | CheckFunction)[]>>;

/** What becomes of rows that break a check: nothing is saved; they are saved with a warning; they are put aside. */
export type OnFail = "stop" | "warn" | "quarantine";

/** A check that did not hold. */
export interface BrokenCheck {
  readonly check: string;
  readonly column?: string | undefined;
  readonly message: string;
  /** How many rows broke it; undefined when it is about the frame as a whole. */
  readonly rows?: number | undefined;
}
