import type { Config } from "../../config/settings.ts";
import type { BrokenCheck, BrokenSample, Checks, OnFail } from "../../contracts/check.ts";
import type { FrameSchema } from "../../contracts/frame-schema.ts";
import { ConfigError } from "../../errors.ts";
import { columnOf, columnsOf, exactColumns, heightOf, lazyOf } from "../../frame/access.ts";
import { systemTemp } from "../../frame/exchange.ts";
import { type DataFrame, pl, type Series } from "../../frame/polars.ts";
import { records } from "../../frame/records.ts";
import { requireColumns, schemaOf } from "../../frame/schema.ts";
import { parseType } from "../../frame/types.ts";
import { type Flagging, flaggingOf } from "./flagging.ts";
import { type PlacedRule, requireChecks } from "./place.ts";
import { brokenRows, brokenWhole, type CheckError, stopping } from "./report.ts";
import { type WholeState, wholeState } from "./whole.ts";

/** What checks are made with. */
export interface CheckOptions {
  /** For errors: where the rows are to be saved. */
  readonly storage?: string;
  /** The name there. */
  readonly destination?: string;
  /** For rules that do not say themselves. Default: `stop`. */
  readonly onFail?: OnFail;
  /** The moment that freshness is counted from. Default: now. */
  readonly now?: Date;
  /** How many rows the last saves had that passed, newest first. */
  readonly lastRows?: number | readonly number[];
  /** Whose FS_TEMP takes the keys of `unique`. Default: the system's. */
  readonly config?: Pick<Config, "FS_TEMP">;
  /** Ends the checks; they reject with its reason. */
  readonly signal?: AbortSignal;
}

/** Rows that are to be put aside, and what is wrong with each. */
export interface BadRows {
  /** These rows, with their columns as they came. */
  readonly frame: DataFrame;
  /** One for each of them, in order. */
  readonly faults: readonly RowFaults[];
}

/** What is wrong with one row. */
export interface RowFaults {
  /** Counted from 1, over all batches. */
  readonly row: number;
  /** The rules that it breaks, those of a column as `"close" between(0, 1)`. */
  readonly checks: readonly string[];
  /** What functions of one's own said. */
  readonly reasons: readonly string[];
}

/** What became of a batch. */
export interface Parted {
  /** All rows but those that are put aside. */
  readonly good: DataFrame;
  readonly bad: BadRows | null;
}

/** What checks said of all rows. */
export interface CheckReport {
  /** Rows that were looked at. */
  readonly rows: number;
  /** Rows that were put aside. */
  readonly asideRows: number;
  /** Checks that did not hold, also those that only warn. */
  readonly broken: readonly BrokenCheck[];
  /** To be thrown before the save is completed; null when every check holds, or those that do not stop nothing. */
  readonly stop: CheckError | null;
}

const mostSamples = 5;

/** A rule on single rows, and what was found of it so far. */
interface Watched {
  readonly rule: PlacedRule;
  readonly onFail: OnFail;
  readonly flagging: Flagging;
  rows: number;
  readonly samples: (BrokenSample & { reason?: string | undefined })[];
}

/** Checks the rows of one frame, given whole or in batches, in constant memory but for what `unique` says. */
export class Checker implements AsyncDisposable {
  readonly #rules: readonly PlacedRule[];
  readonly #options: CheckOptions;
  #watched: Watched[] | undefined;
  #whole: WholeState[] = [];
  #rows = 0;
  #aside = 0;
  #batches = 0;

  /** @throws ConfigError for wrong checks. */
  constructor(checks: Checks, options: CheckOptions = {}) {
    this.#rules = requireChecks(checks);
    this.#options = options;
  }

  /**
   * Parts the rows of the next batch. `last` says that none follows, which saves memory.
   *
   * @throws SchemaError when a column is not there; ConfigError when a rule can't check a column's type.
   */
  async take(batch: DataFrame, { last = false }: { readonly last?: boolean } = {}): Promise<Parted> {
    this.#options.signal?.throwIfAborted();
    const watched = this.#watched ?? this.#begin(schemaOf(batch));
    if (this.#batches++ > 0 && this.#rules.some(({ test }) => test.kind === "frame")) throw piecemeal();
    for (const state of this.#whole) await state.add(batch);
    const flags = heightOf(batch) === 0 || watched.length === 0 ? null : await this.#flag(batch, watched, last);
    const parted = flags ? await this.#part(batch, watched, flags) : { good: batch, bad: null };
    this.#rows += heightOf(batch);
    this.#aside += parted.bad?.faults.length ?? 0;
    return parted;
  }

  /** What all batches together broke. */
  async finish(): Promise<CheckReport> {
    const { onFail = "stop", now = new Date(), lastRows = [], storage, destination } = this.#options;
    const about = { rows: this.#rows, before: typeof lastRows === "number" ? [lastRows] : lastRows, now };
    const broken = (this.#watched ?? [])
      .filter(({ rows }) => rows > 0)
      .map((found) => brokenRows(found.rule, found.onFail, found.rows, this.#rows, found.samples));
    for (const state of this.#whole) {
      const why = state.broken(about);
      if (why !== null) broken.push(brokenWhole(state.rule, state.rule.onFail ?? onFail, why));
    }
    const place = {
      ...(storage !== undefined && { storage }),
      ...(destination !== undefined && { frame: destination }),
    };
    return { rows: this.#rows, asideRows: this.#aside, broken, stop: stopping(broken, place) };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { flagging } of this.#watched ?? []) await flagging.close?.();
  }

  #begin(schema: FrameSchema): Watched[] {
    const { onFail = "stop", config = systemTemp, destination, storage, signal } = this.#options;
    const place = {
      ...(storage !== undefined && { storage }),
      ...(destination !== undefined && { frame: destination }),
    };
    requireColumns(schema, [...new Set(this.#rules.flatMap(columnsOfRule))], place);
    const types = new Map(schema.fields.map(({ name, type }) => [name, parseType(type)]));
    this.#whole = this.#rules.flatMap((rule) => wholeState(rule, types) ?? []);
    const watched: Watched[] = [];
    for (const rule of this.#rules) {
      const flagging = flaggingOf(rule, `f${watched.length}`, types, config, signal);
      if (flagging) watched.push({ rule, onFail: rule.onFail ?? onFail, flagging, rows: 0, samples: [] });
    }
    this.#watched = watched;
    return watched;
  }

  /** A column of booleans for each rule, `f0`, `f1` …: true where the row breaks it. Null when no row breaks any. */
  async #flag(batch: DataFrame, watched: readonly Watched[], last: boolean): Promise<DataFrame | null> {
    const expressions = watched.flatMap(({ flagging }) => flagging.expression?.() ?? []);
    const flags = expressions.length > 0 ? [await lazyOf(batch).select(expressions).collect()] : [];
    for (const [at, { flagging }] of watched.entries()) {
      const column = await flagging.flags?.(batch, last);
      if (column) flags.push(pl.DataFrame({ [`f${at}`]: column }));
      await flagging.after?.(batch, last);
    }
    const all = flags.length === 1 ? (flags[0] as DataFrame) : pl.concat(flags, { how: "horizontal" });
    const sums = await lazyOf(all).sum().collect();
    let any = 0;
    for (const [at, found] of watched.entries()) {
      const rows = Number(columnOf(sums, `f${at}`).get(0));
      any += rows;
      if (rows > 0) await this.#sample(found, batch, all, at);
      found.rows += rows;
    }
    return any > 0 ? all : null;
  }

  /** Keeps the first rows that break a rule, with their values. */
  async #sample(found: Watched, batch: DataFrame, flags: DataFrame, at: number): Promise<void> {
    const wanted = mostSamples - found.samples.length;
    if (wanted <= 0) return;
    const first = await lazyOf(flags)
      .withRowIndex("row")
      .filter(pl.col(`f${at}`))
      .select("row")
      .head(wanted)
      .collect();
    const rows = columnOf(first, "row").toArray() as number[];
    const shown = columnsOfRule(found.rule);
    const values = records(await rowsOf(batch, columnOf(first, "row"), shown.length > 0 ? shown : columnsOf(batch)));
    for (const [index, row] of rows.entries()) {
      const value =
        found.rule.column === undefined || shown.length !== 1 ? values[index] : values[index]?.[found.rule.column];
      found.samples.push({ row: this.#rows + row + 1, value, reason: found.flagging.reason?.(row) });
    }
  }

  async #part(batch: DataFrame, watched: readonly Watched[], flags: DataFrame): Promise<Parted> {
    const aside = watched.flatMap(({ onFail }, at) => (onFail === "quarantine" ? [`f${at}`] : []));
    if (aside.length === 0) return { good: batch, bad: null };
    const isBad = aside.map((name) => pl.col(name)).reduce((any, one) => any.or(one));
    const numbered = lazyOf(flags).withRowIndex("row");
    const bad = await numbered.filter(isBad).collect();
    if (heightOf(bad) === 0) return { good: batch, bad: null };
    const good = await numbered.filter(isBad.not()).select("row").collect();
    const faults = records(bad).map((row) => {
      const which = watched.filter((_, at) => row[`f${at}`] === true);
      const index = Number(row.row);
      return {
        row: this.#rows + index + 1,
        checks: which.map(({ rule }) => (rule.column === undefined ? rule.name : `"${rule.column}" ${rule.name}`)),
        reasons: which.flatMap(({ flagging }) => flagging.reason?.(index) ?? []),
      };
    });
    const frame = await rowsOf(batch, columnOf(bad, "row"), columnsOf(batch));
    return { good: await rowsOf(batch, columnOf(good, "row"), columnsOf(batch)), bad: { frame, faults } };
  }
}

/** Rows by their numbers. */
function rowsOf(batch: DataFrame, rows: Series, columns: readonly string[]): Promise<DataFrame> {
  return lazyOf(batch)
    .select(exactColumns(columns).map((column) => column.gather(rows)))
    .collect();
}

/** The columns that a rule is about, for its errors; those of a function of one's own are not known. */
function columnsOfRule({ column, test }: PlacedRule): string[] {
  if (test.kind === "unique") return [...test.columns];
  return column === undefined ? [] : [column];
}

function piecemeal(): ConfigError {
  return new ConfigError("A check over the whole `frame` can't be made of rows that come in batches.", {
    hint: "Write it as a rule on columns or at `row`, or save the frame in one piece.",
  });
}
