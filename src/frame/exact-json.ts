/**
 * For `JSON.stringify`: whole numbers that a double can't hold, NaN and the infinities become texts, and bytes base64, so that no value
 * is altered.
 */
export function exactJson(_: string, value: unknown): unknown {
  if (typeof value === "bigint") return Number.isSafeInteger(Number(value)) ? Number(value) : String(value);
  if (typeof value === "number" && !Number.isFinite(value)) return String(value);
  if (value instanceof Uint8Array) return Buffer.from(value).toString("base64");
  return value;
}
