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

/**
 * What of read options ArcticDB can narrow by itself: columns always, a range of time on the index, else the first rows. The
 * rest is done on the frame that comes back, so a part may hold more than was asked for, and never less.
 *
 * @throws SchemaError for an unknown column or an unclear time.
 */
export function partFor(found: FoundSymbol, options: ReadOptions): SymbolPart {
  const { columns, from, to, limit } = options;
  const place = { storage: "arctic" };
  if (columns) requireColumns(found.schema, columns, place);
  const timed = from !== undefined || to !== undefined;
  const time = timed ? resolveTimeColumn(found.schema, options, savedTimeColumn(found), place) : undefined;
  const wanted = columns && [...new Set([...columns, ...(time === undefined ? [] : [time])])];
  const type = found.schema.fields.find(({ name }) => name === time)?.type;
  return {
    ...(wanted && { columns: wanted }),
    ...(type !== undefined && time === found.index && { times: inNanoseconds(parseType(type), from, to) }),
    ...(!timed && limit !== undefined && { rows: [0, limit] as const }),
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
