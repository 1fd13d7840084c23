import { randomBytes } from "node:crypto";

/** Sorts by time, reads as one, and no two are the same: `20240331-093000-1f9c2a`. */
export function newRunId(now: Date = new Date()): string {
  const [day = "", clock = ""] = now.toISOString().slice(0, 19).replaceAll(/[-:]/g, "").split("T");
  return `${day}-${clock}-${randomBytes(3).toString("hex")}`;
}
