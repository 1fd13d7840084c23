import type { ReadOptions } from "../../contracts/read-options.ts";
import type { SaveOptions } from "../../contracts/save-options.ts";
import { ConfigError } from "../../errors.ts";

/**
 * Which version to read: its number; a moment, which means the newest version then (a text without an offset is UTC); or a
 * snapshot.
 */
export type AsOf = number | Date | string | { readonly snapshot: string };

/** How the values of one bucket become one. Nulls are left out. */
export type AggregateFunction = "first" | "last" | "min" | "max" | "sum" | "mean" | "count";

/** Buckets of time instead of rows, by ArcticDB's own resampling. */
export interface Aggregate {
  /** The buckets' width: a whole number of `ns`, `us`, `ms`, `s`, `m`, `h` or `d`. They begin at multiples of it since 1970. */
  readonly every: string;
  /** The columns that come beside the time, which is each bucket's begin: `{ close: "last", high: { column: "close", by: "max" } }`. */
  readonly columns: Readonly<
    Record<string, AggregateFunction | { readonly column: string; readonly by: AggregateFunction }>
  >;
}

/** Read options of arctic alone, besides those of every storage. */
export type ArcticReadOptions = ReadOptions & {
  /** Reads an earlier version. Default: the newest. */
  asOf?: AsOf;
  /** Reads buckets of time instead of rows. */
  aggregate?: Aggregate;
};

/** Save options of arctic alone, besides those of every storage. */
export type ArcticSaveOptions = (
  | SaveOptions
  | (Omit<SaveOptions, "mode" | "key"> & {
      /** All rows from the frame's first time to its last, both included, are replaced by the frame. */
      mode: "replaceRange";
      key?: undefined;
    })
) & {
  /** Sorts the rows by their time column first, those of one time in the order in which they stand. */
  sort?: boolean;
  /** What to do with rows that have the same time: keep all (the default), refuse the save, or keep the first or last of them. */
  onDuplicate?: "keep" | "error" | "first" | "last";
};

const duplicateRules: readonly unknown[] = ["keep", "error", "first", "last"];

/** Checks what the rules of every storage do not. @throws ConfigError */
export function assertArcticSaveOptions({ mode, key, sort, onDuplicate, timeColumn }: ArcticSaveOptions): void {
  if (sort !== undefined && typeof sort !== "boolean") throw wrong("sort is true or false.");
  if (onDuplicate !== undefined && !duplicateRules.includes(onDuplicate)) {
    throw wrong(`onDuplicate is ${duplicateRules.join(", ")}, not ${JSON.stringify(onDuplicate)}.`);
  }
  if (mode === "replaceRange" && key !== undefined)
    throw wrong('mode "replaceRange" replaces by time and takes no key.');
  const byTime = sort === true || (onDuplicate !== undefined && onDuplicate !== "keep");
  if (byTime && timeColumn === undefined && (mode === undefined || mode === "replace")) {
    throw wrong(`${sort === true ? "sort" : "onDuplicate"} goes by the rows' time, and no timeColumn was given.`, {
      hint: 'Name it: { timeColumn: "ts" }.',
    });
  }
}

/** Checks what the rules of every storage do not. @throws ConfigError */
export function assertArcticReadOptions({ aggregate, columns }: ArcticReadOptions): void {
  if (aggregate !== undefined && columns !== undefined) {
    throw wrong("`columns` and `aggregate` exclude each other: aggregate names the columns that come.");
  }
}

function wrong(message: string, more: { hint?: string } = {}): ConfigError {
  return new ConfigError(message, { storage: "arctic", ...more });
}
