import type { DataFrame, Expr } from "nodejs-polars";

/** What becomes of rows that break a check: nothing is saved; they are saved with a warning; they are put aside. */
export type OnFail = "stop" | "warn" | "quarantine";

interface AnyCheck {
  /** As it is shown: `between(0, 1000000)`. */
  readonly name: string;
  /** Else what the step says. */
  readonly onFail?: OnFail | undefined;
}

/** A rule for each value of a column, made by `notNull()`, `between()` … `Value`: values of the columns that it may stand at. */
export interface ColumnCheck<in Value = never> extends AnyCheck {
  /** For the type checker only, as are the three below. */
  readonly forValues: (value: Value) => void;
}

/** A rule for each row. `Row`: the columns that it needs. */
export interface RowCheck<in Row = never> extends AnyCheck {
  /** For the type checker only. */
  readonly forRow: (row: Row) => void;
}

/** A rule for the number of rows. */
export interface CountCheck extends AnyCheck {
  /** For the type checker only. */
  readonly forCount: true;
}

/** A rule for the newest time of a column. */
export interface Freshness<Name extends string = string> {
  /** The column of times. */
  readonly column: Name;
  /** Milliseconds, or `90s`, `15m`, `12h`, `1d`. */
  readonly maxAge: number | string;
  /** Else what the step says. */
  readonly onFail?: OnFail | undefined;
}

/** A rule for the frame as a whole. */
export interface FrameCheck extends AnyCheck {
  /** For the type checker only. */
  readonly forFrame: true;
}

/** What a check of one's own says: `false` or a sentence when the rule is broken. */
export type Verdict = boolean | string | null | undefined;

/** A check of one's own over a frame. */
export type FrameFunction = (frame: DataFrame) => Verdict | Promise<Verdict>;

/** The column of a name, in an expression of one's own. */
export type ColumnOf<Name extends string = string> = (name: Name) => Expr;

type Many<T> = T | readonly T[];

/** What stands under the keys that are no columns. */
interface SharedChecks<Row> {
  /** The number of rows. */
  readonly rows?: Many<CountCheck>;
  /** Each row as a whole. */
  readonly row?: Many<RowCheck<Row> | ((row: Row) => Verdict)>;
  /** The whole frame, once. */
  readonly frame?: Many<FrameCheck | FrameFunction>;
  /** How old the newest row may be. */
  readonly freshness?: Many<Freshness<keyof Row & string>>;
}

type ColumnEntry<Value> = Many<ColumnCheck<Value> | ((value: Value) => Verdict)>;

/**
 * The checks of a step, by column; besides `rows`, `row`, `frame` and `freshness`. A column that is called like one of these four is
 * written `"column:rows"`. With a known row (`RowOf<typeof schema>`) the type checker knows the columns.
 */
export type Checks<Row = Record<string, unknown>> = string extends keyof Row ? AnyChecks : KnownChecks<Row>;

type KnownChecks<Row> = SharedChecks<Row> & {
  readonly [Name in Exclude<keyof Row, keyof SharedChecks<Row>>]?: ColumnEntry<Row[Name]>;
} & {
  readonly [Name in Extract<keyof Row, keyof SharedChecks<Row>> as `column:${Name & string}`]?: ColumnEntry<Row[Name]>;
};

type AnyChecks = Readonly<
  Record<
    string,
    Many<ColumnCheck | RowCheck | CountCheck | FrameCheck | Freshness | ((value: never) => Verdict | Promise<Verdict>)>
  >
>;

/** A row that broke a check. */
export interface BrokenSample {
  /** Counted from 1. */
  readonly row: number;
  /** As `records` gives it: the column's value, or the values of the columns that the check is about, by name. */
  readonly value: unknown;
}

/** A check that did not hold. */
export interface BrokenCheck {
  /** As it is shown: `between(0, 1000000)`. */
  readonly check: string;
  /** The column's name; missing for rules about rows or the frame. */
  readonly column?: string | undefined;
  /** What becomes of it: the save stops, warns, or puts rows aside. */
  readonly onFail: OnFail;
  /** One sentence that names column, first row and value. */
  readonly message: string;
  /** How many rows broke it; undefined when it is about the frame as a whole. */
  readonly rows?: number | undefined;
  /** The first of them, at most five. */
  readonly samples: readonly BrokenSample[];
}
