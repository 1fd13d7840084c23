import { type ColumnProfile, median, type Profile } from "./profile.ts";

/** What a source may differ from its last good runs before nothing is saved. Every part has a default. */
export interface Health {
  /** What the number of rows may be. */
  readonly rows?: {
    /** Fewer or more rows than these are refused, also in the first run. */
    readonly min?: number;
    readonly max?: number;
    /** Share of the usual number of rows that may be missing. Default: 0.5. */
    readonly drop?: number;
    /** How many times the usual number of rows there may be. Default: 3. */
    readonly grow?: number;
  };
  /** By how much the share of rows with a value may fall. Default: 0.2. */
  readonly fillDrop?: number;
  /** By how many widths of its usual range a column of numbers may move out of it; `false` allows any. Default: 3. */
  readonly drift?: number | false;
  /** What holds for single columns; `fill`, `min` and `max` also in the first run. */
  readonly columns?: Readonly<Record<string, ColumnHealth>>;
  /** How many good runs are compared with. Default: 7. */
  readonly history?: number;
  /** Compares with runs of the same hour, weekday or month only (UTC), where a site has its seasons. */
  readonly seasonal?: "hour" | "weekday" | "month";
}

export interface ColumnHealth extends Pick<Health, "fillDrop" | "drift"> {
  /** Least share of the rows that have a value. */
  readonly fill?: number;
  readonly min?: number;
  readonly max?: number;
}

export const historyLength = 7;
/** With fewer rows the shares of a column say little. */
const fewRows = 10;

/** The season of a moment, as runs are compared. */
export function seasonOf(time: string, seasonal: Health["seasonal"]): number {
  const moment = new Date(time);
  if (seasonal === "hour") return moment.getUTCHours();
  if (seasonal === "weekday") return moment.getUTCDay();
  return seasonal === "month" ? moment.getUTCMonth() : 0;
}

/** What is wrong with a run, one sentence each; nothing when it is as it should be. */
export function findBreaches(now: Profile, history: readonly Profile[], health: Health): string[] {
  return [
    ...rowBreaches(now, history, health),
    ...Object.entries(now.columns).flatMap(([name, column]) => columnBreaches(name, column, now, history, health)),
  ];
}

/** The selectors that found something in all of the last runs, and nothing now. */
export function emptySelectors(now: Pick<Profile, "selectors">, history: readonly Profile[]): string[] {
  return Object.entries(now.selectors).flatMap(([selector, { found }]) => {
    const before = history.map(({ selectors }) => selectors[selector]?.found ?? 0);
    if (found > 0 || before.length === 0 || before.some((each) => each === 0)) return [];
    return [`The selector ${JSON.stringify(selector)} finds nothing any more; it found ${span(before)} before.`];
  });
}

function rowBreaches({ rows }: Profile, history: readonly Profile[], health: Health): string[] {
  const { min, max, drop = 0.5, grow = 3 } = health.rows ?? {};
  if (min !== undefined && rows < min) return [`It has ${rows} rows, and at least ${min} are declared.`];
  if (max !== undefined && rows > max) return [`It has ${rows} rows, and at most ${max} are declared.`];
  if (history.length === 0) return [];
  const before = history.map((run) => run.rows);
  const usual = median(before);
  if (rows >= usual * (1 - drop) && rows <= usual * grow) return [];
  return [`It has ${rows} rows; ${runs(history)} had ${span(before)}.`];
}

function columnBreaches(
  name: string,
  column: ColumnProfile,
  now: Profile,
  history: readonly Profile[],
  health: Health,
): string[] {
  const { fill, min, max, ...own } = health.columns?.[name] ?? {};
  const { fillDrop = 0.2, drift = 3 } = { ...health, ...own };
  const told = JSON.stringify(name);
  const found: string[] = [];
  if (fill !== undefined && column.filled < fill)
    found.push(`${told} has values in ${share(column.filled)} of the rows, and ${share(fill)} are declared.`);
  if (min !== undefined && column.min !== undefined && column.min < min)
    found.push(`${told} goes down to ${column.min}, and ${min} is declared.`);
  if (max !== undefined && column.max !== undefined && column.max > max)
    found.push(`${told} goes up to ${column.max}, and ${max} is declared.`);
  const before = history.flatMap(({ columns }) => (columns[name] ? [columns[name]] : []));
  if (before.length === 0 || now.rows < fewRows) return found;
  const shares = before.map(({ filled }) => filled);
  const least = Math.min(...shares);
  if (column.filled < least - fillDrop || (column.filled === 0 && least > 0)) {
    found.push(
      `${told} has values in ${share(column.filled)} of the rows; ${runs(history)} had ${span(shares, share)}.`,
    );
  } else if (column.constant && before.every(({ constant }) => constant === false)) {
    found.push(`${told} has the same value in every row; ${runs(history)} had different ones.`);
  } else if (drift !== false) found.push(...rangeBreaches(told, column, before, drift));
  return found;
}

function rangeBreaches(
  told: string,
  { low, high }: ColumnProfile,
  before: readonly ColumnProfile[],
  drift: number,
): string[] {
  const lows = before.flatMap((column) => column.low ?? []);
  const highs = before.flatMap((column) => column.high ?? []);
  if (low === undefined || high === undefined || lows.length === 0) return [];
  const [least, most] = [Math.min(...lows), Math.max(...highs)];
  const width = most - least || Math.abs(most) || 1;
  if (low >= least - drift * width && high <= most + drift * width) return [];
  return [
    `Most of ${told} lies between ${short(low)} and ${short(high)}; it lay between ${short(least)} and ${short(most)}.`,
  ];
}

const runs = ({ length }: readonly Profile[]) => (length === 1 ? "the last good run" : `the last ${length} good runs`);
const share = (value: number) => `${Math.round(value * 100)} %`;
const short = (value: number) => String(Number(value.toPrecision(4)));

function span(values: readonly number[], shown: (value: number) => string = String): string {
  const [least, most] = [shown(Math.min(...values)), shown(Math.max(...values))];
  return least === most ? least : `${least} to ${most}`;
}
