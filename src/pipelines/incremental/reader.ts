import type { IDataSource } from "../../contracts/data-source.ts";
import type { ReadOptions } from "../../contracts/read-options.ts";
import type { IKeepsMarks, RunMark } from "../../contracts/run-mark.ts";
import { NotFoundError } from "../../errors.ts";
import { columnsOf, heightOf } from "../../frame/access.ts";
import type { DataFrame } from "../../frame/polars.ts";
import type { Incremental } from "../definition.ts";
import { toNs } from "../duration.ts";
import type { SaverPlace } from "../run/places.ts";
import type { Session } from "../run/session.ts";
import { withoutThose } from "./boundary.ts";
import { type Instant, instantOf, instantText, later, newest, withTimes } from "./instant.ts";

/** A range of times: `from <= time < to`; open where an end is missing. */
export interface Range {
  readonly from?: Instant | undefined;
  readonly to?: Instant | undefined;
}

/** A destination of incremental rows. */
export interface Target {
  readonly place: SaverPlace;
  readonly name: string;
}

/**
 * Reads what is new of one source. Its cursor is an instant as text, with the column's precision; the one that counts is kept with
 * the data, and moves together with the rows.
 */
export class Reader {
  readonly rule: Incremental;
  readonly #session: Session;
  readonly #source: string;
  /** `step/source`. */
  readonly #name: string;
  readonly #backfill: Range | undefined;
  #cursor: Instant | undefined;
  #range: Range = {};
  #next: Instant | null = null;
  /** What stands there is not known to end at the cursor. */
  #forced = false;
  leftOut = 0;

  constructor(
    session: Session,
    about: { rule: Incremental; step: string; source: string; backfill?: Range | undefined },
  ) {
    this.rule = about.rule;
    this.#session = session;
    this.#source = about.source;
    this.#name = `${about.step}/${about.source}`;
    this.#backfill = about.backfill;
    this.#range = about.backfill ?? {};
  }

  /** Finds out how far earlier runs came. With several destinations the one that is furthest behind counts. */
  async begin(targets: readonly Target[]): Promise<void> {
    if (this.#backfill) return;
    const found = await Promise.all(targets.map((target) => this.#cursorAt(target)));
    const cursors = found.map((text) => (text === null ? null : instantOf(text, "cursor")));
    this.#cursor = cursors.includes(null)
      ? undefined
      : cursors.reduce<Instant | undefined>(
          (least, each) => (each && (!least || each.ns < least.ns) ? each : least),
          undefined,
        );
    this.#range = { from: this.#from() };
  }

  /**
   * What is to be read, one range after the other; each is to be saved before the next is asked for. Without a window it is one.
   */
  *ranges(): Generator<Range> {
    const { window } = this.rule;
    const from = this.#range.from;
    if (this.#backfill || window === undefined || !from) {
      yield this.#range;
      return;
    }
    const [length, now] = [toNs(window), BigInt(Date.now()) * 1_000_000n];
    for (let at = from; ; at = later(at, length)) {
      const to = later(at, length);
      this.#range = to.ns < now ? { from: at, to } : { from: at };
      this.#next = null;
      yield this.#range;
      if (!this.#range.to) return;
    }
  }

  /** The options that make the source give only the range. */
  get options(): Pick<ReadOptions, "from" | "to" | "timeColumn"> {
    return rangeOptions(this.rule.cursor, this.#range);
  }

  /** The rows that have a time; from then on the cursor after them is known. */
  async take(frame: DataFrame): Promise<DataFrame> {
    const { rows, left } = await withTimes(frame, this.rule.cursor, {
      source: this.#source,
      onNull: this.rule.onNull ?? "fail",
    });
    this.leftOut += left;
    const last = await newest(rows, this.rule.cursor, this.#source);
    this.#next = last && this.#cursor && last.ns < this.#cursor.ns ? this.#cursor : last;
    return rows;
  }

  /** What of rows that are to be appended does not stand at the destination yet. */
  async fresh(frame: DataFrame, { place, name }: Target, key: readonly string[] | undefined): Promise<DataFrame> {
    const { cursor: column } = this.rule;
    const { from, to } = this.#range;
    const compareAll = this.#backfill !== undefined || this.#forced;
    if (!compareAll && !this.#cursor) return frame;
    if (!place.source || heightOf(frame) === 0 || !columnsOf(frame).includes(column)) return frame;
    // Rows move together with the cursor, so that none after it stands there; but a storage without marks may have been left behind.
    const end = compareAll || !keepsMarks(place.saver) ? to : this.#cursor && later(this.#cursor, 1n);
    const range = rangeOptions(column, { from, to: end });
    const there = await readOrNull(place.source, name, range);
    return there === null || heightOf(there) === 0 ? frame : withoutThose(frame, there, key);
  }

  /** The cursor as it is kept with the rows of this range; a backfill moves none. */
  get mark(): RunMark["cursor"] {
    if (this.#backfill || !this.#next) return undefined;
    return { reader: `${this.#session.pipeline}/${this.#name}`, value: instantText(this.#next) };
  }

  /** What tells this range's save from others of the same source. */
  get rangeText(): string {
    const { from, to } = this.#range;
    return `${from ? instantText(from) : ""}..${to ? instantText(to) : ""}`;
  }

  /** After a save: a copy of the cursor, for people and for storages that keep none. */
  async saved(): Promise<string | null> {
    if (this.#backfill || !this.#next) return null;
    const { ledger, pipeline, id } = this.#session;
    const value = instantText(this.#next);
    await ledger.putCursor({ pipeline, reader: this.#name, value, run: id, forced: false });
    this.#cursor = this.#next;
    return value;
  }

  #from(): Instant | undefined {
    const { start, lag } = this.rule;
    const first = start === undefined ? undefined : instantOf(start, "start");
    if (!this.#cursor) return first;
    const from = later(this.#cursor, -(lag === undefined ? 0n : toNs(lag)));
    return first && first.ns > from.ns ? first : from;
  }

  /**
   * What was set by hand counts most, then what is kept with the data. Where nothing stands any more all is read anew; where other
   * programs wrote since, or the storage keeps nothing, the ledger's copy is the best there is.
   */
  async #cursorAt({ place, name }: Target): Promise<string | null> {
    const { ledger, pipeline, logger } = this.#session;
    const kept = (await ledger.cursors(pipeline)).find(({ reader }) => reader === this.#name);
    if (kept?.forced) {
      this.#forced = true;
      return kept.value === "" ? null : kept.value;
    }
    if (!keepsMarks(place.saver)) return kept?.value ?? null;
    const marks = await place.saver.keptMarks(name);
    if (marks === null) {
      if (kept) logger.warn({ frame: name }, `There is no ${name} any more: ${this.#source} is read from the start.`);
      return null;
    }
    return marks.cursors.get(`${pipeline}/${this.#name}`) ?? kept?.value ?? null;
  }
}

function rangeOptions(timeColumn: string, { from, to }: Range): Pick<ReadOptions, "from" | "to" | "timeColumn"> {
  if (!from && !to) return {};
  return { timeColumn, ...(from && { from: instantText(from) }), ...(to && { to: instantText(to) }) };
}

function keepsMarks(saver: object): saver is IKeepsMarks {
  return "keptMarks" in saver;
}

async function readOrNull(source: IDataSource, name: string, options: ReadOptions): Promise<DataFrame | null> {
  return source.getData(name, options).catch((cause: unknown) => {
    if (cause instanceof NotFoundError) return null;
    throw cause;
  });
}
