import type { Column } from "./column.ts";
import { ownCopy, setHalves } from "./encode-numbers.ts";
import { PlainMoment } from "./iso-plain.ts";
import { Nulls } from "./nulls.ts";
import type { TimeUnit } from "./types.ts";
import { toDays, toTicks } from "./values-time.ts";

const ticksPerSecond = { ms: 1_000, us: 1_000_000, ns: 1_000_000_000 } as const;

/** Datetimes. Dates and texts of the common form go in without bigints where the ticks are safe integers. */
export function encodeTicks(column: Column, unit: TimeUnit, zone: string | null): object {
  const { values } = column;
  if (values.constructor === BigInt64Array) return ownCopy(values);
  const target = new BigInt64Array(values.length);
  const halves = new Int32Array(target.buffer);
  const nulls = new Nulls(values.length);
  const moment = new PlainMoment();
  const perSecond = ticksPerSecond[unit];
  const wallIsInstant = zone === null || zone === "UTC";
  for (let row = 0; row < values.length; row++) {
    const value = values[row];
    if (value === null || value === undefined) {
      nulls.mark(row);
      continue;
    }
    let ticks = Number.NaN;
    if (value instanceof Date) ticks = value.getTime() * (perSecond / 1_000);
    else if (typeof value === "string" && moment.read(value) && (moment.utc ? zone !== null : wallIsInstant)) {
      const fraction = moment.nanoseconds / (1_000_000_000 / perSecond);
      if (Number.isInteger(fraction)) ticks = moment.seconds * perSecond + fraction;
    }
    if (Number.isSafeInteger(ticks)) setHalves(halves, row, ticks);
    else target[row] = toTicks(column, row, value);
  }
  return { data: target, ...nulls.buffers };
}

export function encodeDays(column: Column): object {
  const { values } = column;
  const target = new Int32Array(values.length);
  const nulls = new Nulls(values.length);
  for (let row = 0; row < values.length; row++) {
    const value = values[row];
    if (value === null || value === undefined) nulls.mark(row);
    else target[row] = toDays(column, row, value);
  }
  return { data: target, ...nulls.buffers };
}
