import type { ReadOptions } from "../../contracts/read-options.ts";
import { requireColumns } from "../../frame/schema.ts";
import { resolveTimeColumn, type TimeBounds, tickNs, timeBounds } from "../../frame/time-range.ts";
import { type ColumnType, parseType } from "../../frame/types.ts";
import type { SymbolPart } from "./library.ts";
import type { FoundSymbol } from "./symbol.ts";

/** The time column that a symbol was saved with, else its index. */
export function savedTimeColumn({ metadata, index }: FoundSymbol): string | undefined {
  return metadata?.timeColumn ?? index ?? undefined;
}

/** What ArcticDB narrows by itself, and what is left to do with the rows that it gives. */
export interface Narrowed {
  readonly part: SymbolPart;
  readonly rest: ReadOptions;
}

/**
 * ArcticDB narrows columns, a range of time on the index exactly, and the first rows where nothing else is asked for.
 *
 * @throws SchemaError for an unknown column or an unclear time.
 */
export function partFor(found: FoundSymbol, options: ReadOptions): Narrowed {
  const { columns, from, to, limit } = options;
  const place = { storage: "arctic" };
  if (columns) requireColumns(found.schema, columns, place);
  const timed = from !== undefined || to !== undefined;
  const time = timed ? resolveTimeColumn(found.schema, options, savedTimeColumn(found), place) : undefined;
  const wanted = columns && [...new Set([...columns, ...(time === undefined ? [] : [time])])];
  const type = found.schema.fields.find(({ name }) => name === time)?.type;
  const times = type !== undefined && time === found.index ? inNanoseconds(parseType(type), from, to) : undefined;
  const rows = !timed && limit !== undefined ? ([0, limit] as const) : undefined;
  return {
    part: { ...(wanted && { columns: wanted }), ...(times && { times }), ...(rows && { rows }) },
    rest: {
      ...(columns && { columns }),
      ...(timed && !times && { ...(from !== undefined && { from }), ...(to !== undefined && { to }) }),
      ...(timed && !times && time !== undefined && { timeColumn: time }),
      // An index has a time in every row.
      ...(timed && !times && options.nullTimes && { nullTimes: options.nullTimes }),
      ...(limit !== undefined && !rows && { limit }),
    },
  };
}

const greatest = 2n ** 63n - 1n;

function inNanoseconds(
  type: ColumnType,
  from: ReadOptions["from"],
  to: ReadOptions["to"],
): readonly [bigint | null, bigint | null] {
  const bounds: TimeBounds = timeBounds(type, from, to);
  const tick = type.kind === "datetime" ? tickNs[type.unit] : 86_400_000_000_000n;
  const clamp = (time: bigint) => (time > greatest ? greatest : time < -greatest ? -greatest : time);
  return [
    bounds.from === undefined ? null : clamp(bounds.from * tick),
    // ArcticDB's range includes its end.
    bounds.to === undefined ? null : clamp(bounds.to * tick - 1n),
  ];
}
