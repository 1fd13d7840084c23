import { type Column, misfit } from "./column.ts";
import { dayNs, parseClock, parseIso } from "./iso.ts";
import { tickNs } from "./time-range.ts";
import { instantsOf } from "./zones.ts";

const least = -(2n ** 63n);
const greatest = 2n ** 63n - 1n;

/** Ticks of a datetime column: from a Date or a text (an instant, or the column's own wall clock), or as a bigint of ticks. */
export function toTicks(column: Column, row: number, value: unknown): bigint {
  if (column.type.kind !== "datetime") throw misfit(column, row, value);
  const { unit, zone } = column.type;
  if (typeof value === "bigint") return within64(column, row, value);
  const ns = momentNs(column, row, value, zone);
  const tick = tickNs[unit];
  if (ns % tick !== 0n) throw misfit(column, row, value, "it is finer than the column's unit");
  return within64(column, row, value, ns / tick);
}

function momentNs(column: Column, row: number, value: unknown, zone: string | null): bigint {
  if (value instanceof Date && !Number.isNaN(value.getTime())) return BigInt(value.getTime()) * tickNs.ms;
  const moment = typeof value === "string" ? parseIso(value) : null;
  if (!moment) throw misfit(column, row, value);
  if (zone === null) {
    if (moment.offsetNs === null) return moment.wallNs;
    throw misfit(
      column,
      row,
      value,
      "it has an offset, and the column is a wall clock; declare a zone, as in datetime[us, UTC]",
    );
  }
  if (moment.offsetNs !== null) return moment.wallNs - moment.offsetNs;
  const [instant, another] = instantsOf(zone, moment.wallNs);
  if (instant === undefined) throw misfit(column, row, value, `clocks in ${zone} never showed it`);
  if (another !== undefined) throw misfit(column, row, value, `clocks in ${zone} showed it twice; add an offset`);
  return instant;
}

/** Days since 1970-01-01: from `2024-03-31`, or a Date at midnight UTC. */
export function toDays(column: Column, row: number, value: unknown): number {
  const moment = typeof value === "string" && /\d\d-\d\d$/.test(value) ? parseIso(value) : null;
  const ms = value instanceof Date ? value.getTime() : Number.NaN;
  if (!moment && Number.isNaN(ms)) throw misfit(column, row, value);
  const ns = moment ? moment.wallNs : BigInt(ms) * tickNs.ms;
  if (ns % dayNs !== 0n) throw misfit(column, row, value, "it is not midnight UTC; give the day as a text");
  const days = Number(ns / dayNs);
  if (days !== (days | 0)) throw misfit(column, row, value);
  return days;
}

/** Nanoseconds since midnight: from `09:30:00.5`, or as a bigint. */
export function toTime(column: Column, row: number, value: unknown): bigint {
  const ns = typeof value === "string" ? parseClock(value) : value;
  if (typeof ns !== "bigint" || ns < 0n || ns >= dayNs) throw misfit(column, row, value);
  return ns;
}

/** Ticks in the column's unit, as a bigint or a whole number. */
export function toDuration(column: Column, row: number, value: unknown): bigint {
  if (typeof value === "bigint") return within64(column, row, value);
  if (typeof value === "number" && Number.isSafeInteger(value)) return BigInt(value);
  throw misfit(column, row, value);
}

/** The value times 10^scale: from a text such as `12.50`, a bigint or a whole number. */
export function toDecimal(column: Column, row: number, value: unknown, scale: number): bigint {
  if (column.type.kind !== "decimal") throw misfit(column, row, value);
  const text = typeof value === "bigint" || Number.isSafeInteger(value) ? String(value) : value;
  const parts = typeof text === "string" ? /^([+-]?)(\d+)(?:\.(\d+))?$/.exec(text) : null;
  if (!parts) throw misfit(column, row, value, typeof value === "number" ? "give it as a text" : undefined);
  const fraction = (parts[3] ?? "").replace(/0+$/, "");
  if (fraction.length > scale) throw misfit(column, row, value, `it has more than ${scale} decimal places`);
  const size = BigInt((parts[2] ?? "") + fraction.padEnd(scale, "0"));
  if (size >= 10n ** BigInt(column.type.precision)) throw misfit(column, row, value);
  return parts[1] === "-" ? -size : size;
}

function within64(column: Column, row: number, value: unknown, ticks: unknown = value): bigint {
  if (typeof ticks !== "bigint" || ticks < least || ticks > greatest) throw misfit(column, row, value);
  return ticks;
}
