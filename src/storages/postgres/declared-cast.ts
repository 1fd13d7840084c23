import type { ColumnType } from "../../frame/types.ts";
import { quote } from "./identifiers.ts";
import { baseType, isTextual, type Mapping, readMapping, widens } from "./types.ts";

/** A column that is read as a type which the reader declares. */
interface DeclaredColumn {
  readonly name: string;
  readonly sql: string;
  readonly type: ColumnType;
}

const number = "([0-9]+[.]?[0-9]*|[.][0-9]+)(e[-+]?[0-9]+)?";
const day = "[0-9]{4,6}-[0-9]{2}-[0-9]{2}";
const clock = "([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9]([.][0-9]{1,6}0*)?)?";
const zone = " ?(Z|[-+][0-9]{2}(:?[0-9]{2}){0,2})";

/** Texts that the server turns into a value without leaving out or adding anything. It takes many more: 0x10, yes, today. */
const patterns: Partial<Record<ColumnType["kind"], string>> = {
  float32: `[-+]?(${number}|inf|infinity)|nan`,
  float64: `[-+]?(${number}|inf|infinity)|nan`,
  decimal: `[-+]?${number}|nan`,
  boolean: "t|f|true|false",
  date: `${day}( BC)?`,
  time: clock,
  duration: `-?[0-9]+:[0-5][0-9](:[0-5][0-9]([.][0-9]{1,6}0*)?)?|P[-+0-9YMWDTH]*([0-9]([.][0-9]{1,6}0*)?S)?`,
};

function patternFor(type: ColumnType): string | undefined {
  if (type.kind === "datetime")
    return type.zone === null ? `${day}([ T]${clock})?( BC)?` : `${day}[ T]${clock}${zone}( BC)?`;
  return /^u?int\d+$/.test(type.kind) ? "[-+]?[0-9]+" : patterns[type.kind];
}

/**
 * The SQL by which a column is cast to a declared type. The server rounds, cuts and drops zones in a cast without an error, so
 * that each value is compared with what became of it. One that differs makes the server fail with a message that `refusedCast`
 * understands: it has no function that throws.
 *
 * @param place of the column in the SELECT.
 */
export function declaredCast({ name, sql, type }: DeclaredColumn, place: number): string {
  const mapping = readMapping(sql, type);
  const column = quote(name);
  const text = isTextual(sql);
  const value = text && sql !== "text" ? `${column}::text` : column;
  const cast = `${value}::${mapping.sql}`;
  if (mapping.asJson || mapping.sql === "text" || widens(sql, mapping.sql)) return cast;
  const fail = `('millrace ${place}:' || left(${column}::text, 60))::integer::text::${mapping.sql}`;
  const pattern = text ? patternFor(type) : undefined;
  const misspelt = pattern === undefined ? "" : `WHEN ${value} !~* '^ *(${pattern}) *$' THEN ${fail} `;
  return `CASE ${misspelt}WHEN ${isExact({ value, cast, sql, mapping, pattern })} THEN ${cast} ELSE ${fail} END`;
}

interface Cast {
  readonly value: string;
  readonly cast: string;
  readonly sql: string;
  readonly mapping: Mapping;
  readonly pattern: string | undefined;
}

function isExact({ value, cast, sql, mapping, pattern }: Cast): string {
  // A numeric's own bounds would round what is compared.
  const own = /^numeric/.test(sql) ? sql.replace(/\(.*\)/, "") : isTextual(sql) ? "text" : baseType(sql);
  if (mapping.wire.startsWith("float") && (pattern !== undefined || own === "numeric")) {
    // The shortest digits by which a float is known, or the digits of a whole number, which can be more.
    const digits = `${value}::numeric`;
    const whole = `CASE WHEN abs(${digits}) < 9e18 THEN (${cast})::bigint = ${digits} ELSE false END`;
    return `${digits} IS NOT DISTINCT FROM (${cast})::text::numeric OR ${whole}`;
  }
  return pattern === undefined ? `(${cast})::text::${own} IS NOT DISTINCT FROM ${value}` : "true";
}

/** The place in the SELECT, and the value, of which the server's message tells that its cast is not exact. */
export function refusedCast(message: string): { place: number; value: string } | null {
  const [, place, value] = /"millrace (\d+):(.*)"/s.exec(message) ?? [];
  return place === undefined ? null : { place: Number(place), value: value ?? "" };
}
