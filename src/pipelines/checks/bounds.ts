import { duration } from "../../config/values.ts";
import { ConfigError } from "../../errors.ts";
import { describe } from "../../frame/column.ts";
import { dayNs, floorDiv, parseClock } from "../../frame/iso.ts";
import { type Expr, pl } from "../../frame/polars.ts";
import { boundNs, tickNs } from "../../frame/time-range.ts";
import { type ColumnType, toPolars, typeText } from "../../frame/types.ts";
import { rangeOf } from "../../frame/values.ts";

/** What values are compared with. */
export type Bound = number | bigint | string | Date;

/** Values of a type as polars orders them exactly: whole numbers, floats, decimals or texts. */
export function ordered(type: ColumnType, column: Expr): Expr {
  switch (type.kind) {
    case "uint64":
    case "decimal":
      return column;
    case "float32":
    case "float64":
      return column.cast(pl.Float64);
    case "string":
    case "categorical":
    case "enum":
      return column.cast(pl.String);
    default:
      return column.cast(pl.Int64);
  }
}

/** A value of `ordered` as an expression, from its text. Through text: nodejs-polars drops a bigint's sign and rounds a number. */
export function orderedLiteral(type: ColumnType, text: string): Expr {
  if (type.kind === "float32" || type.kind === "float64") return pl.lit(Number(text)).cast(pl.Float64);
  if (type.kind === "string" || type.kind === "categorical" || type.kind === "enum") return pl.lit(text);
  if (type.kind === "decimal") return pl.lit(text).cast(toPolars({ ...type, precision: 38 }));
  return pl.lit(text).cast(type.kind === "uint64" ? pl.UInt64 : pl.Int64);
}

/** Whether the type's values have an order that `between` and `increasing` know. */
export function isOrdered({ kind }: ColumnType): boolean {
  return !["boolean", "binary", "null", "list", "array", "struct"].includes(kind);
}

/**
 * True for values beyond the bound: below `least`, or above `most`. Exact for every type: a bound between two values of the
 * column's type is moved to the nearer one inside, and one outside the type's range holds for all or for none.
 */
export function beyond(type: ColumnType, column: Expr, bound: Bound, side: "least" | "most", name: string): Expr {
  const values = ordered(type, column);
  const exceeds = (text: string) => {
    const limit = orderedLiteral(type, text);
    return side === "least" ? values.lt(limit) : values.gt(limit);
  };
  const misfit = () =>
    new ConfigError(`${describe(bound)} is no bound for the column "${name}" of type ${typeText(type)}.`, {
      hint: "Give a number or a bigint for numbers, a text or a number for decimals, a Date or ISO text for times, a text for texts.",
    });
  if (type.kind === "string" || type.kind === "categorical" || type.kind === "enum") {
    if (typeof bound !== "string") throw misfit();
    return exceeds(bound);
  }
  if (type.kind === "float32" || type.kind === "float64") {
    const float = typeof bound === "bigint" ? Number(bound) : bound;
    if (typeof float !== "number" || (typeof bound === "bigint" && BigInt(float) !== bound)) throw misfit();
    return exceeds(String(float));
  }
  if (bound === Number.POSITIVE_INFINITY || bound === Number.NEGATIVE_INFINITY) {
    return values.isNotNull().and(pl.lit(bound > 0 === (side === "least")));
  }
  const [units, per] = unitsOf(type, bound) ?? [];
  if (units === undefined || per === undefined) throw misfit();
  const whole = side === "least" ? -floorDiv(-units, per) : floorDiv(units, per);
  const [lowest, highest] = rangeOfType(type);
  if (whole < lowest) return values.isNotNull().and(pl.lit(side === "most"));
  if (whole > highest) return values.isNotNull().and(pl.lit(side === "least"));
  return exceeds(type.kind === "decimal" ? decimalText(whole, type.scale) : String(whole));
}

/** A bound as a fraction of the type's own unit: `units / per`. */
function unitsOf(type: ColumnType, bound: Bound): [bigint, bigint] | null {
  switch (type.kind) {
    case "date":
      return isMoment(bound) ? [boundNs(bound, null, "bound"), dayNs] : null;
    case "datetime":
      if (typeof bound === "bigint") return [bound, 1n];
      return isMoment(bound) ? [boundNs(bound, type.zone, "bound"), tickNs[type.unit]] : null;
    case "time": {
      const ns = typeof bound === "string" ? parseClock(bound) : bound;
      return typeof ns === "bigint" ? [ns, 1n] : null;
    }
    case "duration": {
      if (typeof bound === "bigint") return [bound, 1n];
      const ms = typeof bound === "string" ? duration.safeParse(bound).data : undefined;
      return ms === undefined ? null : [BigInt(Math.round(ms * 1e6)), tickNs[type.unit]];
    }
    case "decimal": {
      const fraction = fractionOf(bound);
      return fraction && [fraction[0] * 10n ** BigInt(type.scale), fraction[1]];
    }
    default:
      return fractionOf(bound);
  }
}

function isMoment(bound: Bound): boolean {
  return typeof bound === "string" || bound instanceof Date;
}

/** A number as it is written: `0.1` is a tenth. */
function fractionOf(bound: Bound): [bigint, bigint] | null {
  if (typeof bound === "bigint") return [bound, 1n];
  const parts = /^(-?)(\d+)(?:\.(\d+))?(?:e([+-]\d+))?$/i.exec(String(bound));
  if (!parts || bound instanceof Date) return null;
  const [, sign, whole = "", fraction = "", exponent = "0"] = parts;
  const size = BigInt(whole + fraction) * (sign === "-" ? -1n : 1n);
  const power = Number(exponent) - fraction.length;
  return power >= 0 ? [size * 10n ** BigInt(power), 1n] : [size, 10n ** BigInt(-power)];
}

function rangeOfType(type: ColumnType): [bigint, bigint] {
  if (type.kind === "decimal") return [-(10n ** 38n) + 1n, 10n ** 38n - 1n];
  return /^u?int/.test(type.kind) ? rangeOf(type.kind) : rangeOf("int64");
}

function decimalText(units: bigint, scale: number): string {
  const digits = String(units < 0n ? -units : units).padStart(scale + 1, "0");
  const at = digits.length - scale;
  return `${units < 0n ? "-" : ""}${digits.slice(0, at)}${scale > 0 ? `.${digits.slice(at)}` : ""}`;
}
