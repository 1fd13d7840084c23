import { z } from "zod";

const milliseconds = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** Milliseconds from `500`, `"500ms"`, `"60s"`, `"15m"`, `"12h"` or `"7d"`. */
export const duration = z.unknown().transform((value, context): number => {
  if (typeof value === "number" && value >= 0 && Number.isFinite(value)) return value;
  const match = typeof value === "string" ? /^(\d+(?:\.\d+)?)\s*(ms|s|m|h|d)?$/.exec(value.trim()) : null;
  if (match) return Number(match[1]) * milliseconds[(match[2] ?? "ms") as keyof typeof milliseconds];
  context.addIssue({ code: "custom", message: "expected a duration such as 500ms, 60s, 15m, 12h or 7d" });
  return z.NEVER;
});

const bytes = { B: 1, KB: 2 ** 10, MB: 2 ** 20, GB: 2 ** 30 };

/** Bytes from `1048576`, `"256MB"` or `"1.5GB"`. */
export const size = z.unknown().transform((value, context): number => {
  if (typeof value === "number" && value > 0 && Number.isFinite(value)) return value;
  const match = typeof value === "string" ? /^(\d+(?:\.\d+)?)\s*(B|KB|MB|GB)?$/i.exec(value.trim()) : null;
  if (match) return Number(match[1]) * bytes[(match[2] ?? "B").toUpperCase() as keyof typeof bytes];
  context.addIssue({ code: "custom", message: "expected a size such as 256MB or 1.5GB" });
  return z.NEVER;
});

/** A whole number within bounds, from a number or its digits. */
export function whole(least: number, most?: number) {
  const range = most === undefined ? `of at least ${least}` : `from ${least} to ${most}`;
  return z.unknown().transform((value, context): number => {
    const number = typeof value === "string" && /^\s*\d+\s*$/.test(value) ? Number(value) : value;
    if (typeof number === "number" && Number.isSafeInteger(number) && number >= least && number <= (most ?? number)) {
      return number;
    }
    context.addIssue({ code: "custom", message: `expected a whole number ${range}` });
    return z.NEVER;
  });
}

/** Text that is not empty. */
export const text = z.string("expected text").min(1, "expected text that is not empty");

/** Text that may be empty. */
export const anyText = z.string("expected text");

/** A boolean, or one of the words that people write for it in an environment. */
export const flag = z.unknown().transform((value, context): boolean => {
  if (typeof value === "boolean") return value;
  const word = typeof value === "string" ? value.trim().toLowerCase() : "";
  if (["true", "1", "yes", "on"].includes(word)) return true;
  if (["false", "0", "no", "off"].includes(word)) return false;
  context.addIssue({ code: "custom", message: "expected true or false" });
  return z.NEVER;
});

/** One of a few words. */
export function oneOf<const Words extends readonly [string, ...string[]]>(...words: Words) {
  return z.enum(words, `expected ${words.slice(0, -1).join(", ")} or ${words.at(-1)}`);
}
