/**
 * A numeric in binary COPY:
 *
 *     int16  number of digits to base 10000
 *     int16  weight of the first: it counts 10000 to that power
 *     int16  sign: 0 plus, 0x4000 minus, 0xc000 NaN, 0xd000 Infinity, 0xf000 -Infinity
 *     int16  decimals shown
 *     int16  each digit
 *
 * Digits that are zero may stand at either end, so all values of one column can have the same number of them.
 *
 * @module
 */

const minus = 0x4000;

/** How the values of a numeric(precision, scale) are laid out. */
export interface NumericLayout {
  readonly bytes: number;
  readonly scale: number;
  readonly whole: number;
  readonly fraction: number;
  /** By what a value is multiplied for its last digit to be whole. */
  readonly shift: bigint;
}

export function numericLayout(precision: number, scale: number): NumericLayout {
  const whole = Math.ceil((precision - scale) / 4);
  const fraction = Math.ceil(scale / 4);
  return { bytes: 8 + 2 * (whole + fraction), scale, whole, fraction, shift: 10n ** BigInt(4 * fraction - scale) };
}

/** Writes a value that is given in its last decimals: 1.50 of scale 2 as 150n. */
export function writeNumeric(view: DataView, at: number, value: bigint, layout: NumericLayout): void {
  const { whole, fraction, scale, shift } = layout;
  const digits = whole + fraction;
  view.setInt16(at, digits);
  view.setInt16(at + 2, whole - 1);
  view.setUint16(at + 4, value < 0n ? minus : 0);
  view.setInt16(at + 6, scale);
  let rest = (value < 0n ? -value : value) * shift;
  let place = at + 8 + 2 * digits;
  // Three digits at once as a plain number: dividing a BigInt is slow.
  for (let left = digits; left > 0; left -= 3) {
    let part = Number(rest % 1_000_000_000_000n);
    rest /= 1_000_000_000_000n;
    for (let n = Math.min(3, left); n > 0; n--) {
      place -= 2;
      view.setInt16(place, part % 10_000);
      part = Math.floor(part / 10_000);
    }
  }
}

/** The value in its last decimals; null for NaN, an infinity, or one with more decimals than `scale`. */
export function readNumeric(view: DataView, at: number, scale: number): bigint | null {
  const digits = view.getInt16(at);
  const exponent = 4 * (view.getInt16(at + 2) - digits + 1) + scale;
  const sign = view.getUint16(at + 4);
  if (sign !== 0 && sign !== minus) return null;
  let value = 0n;
  for (let n = 0; n < digits; n += 3) {
    const count = Math.min(3, digits - n);
    let part = 0;
    for (let i = 0; i < count; i++) part = part * 10_000 + view.getInt16(at + 8 + 2 * (n + i));
    value = value * 10_000n ** BigInt(count) + BigInt(part);
  }
  if (exponent >= 0) value *= 10n ** BigInt(exponent);
  else {
    const finer = 10n ** BigInt(-exponent);
    if (value % finer !== 0n) return null;
    value /= finer;
  }
  return sign === minus ? -value : value;
}
