import { heightOf, ipcBytesOf, sliceOf } from "../../frame/access.ts";
import type { DataFrame } from "../../frame/polars.ts";

/** Rows by whose size that of the whole is judged. */
const sampled = 200;

/** About how many bytes a frame's rows take in memory, judged by its first rows. */
export function sizeOf(frame: DataFrame): number {
  const rows = heightOf(frame);
  if (rows === 0) return 0;
  const sample = Math.min(rows, sampled);
  const bytes = ipcBytesOf(sample === rows ? frame : sliceOf(frame, 0, sample)).length;
  return Math.round((bytes / sample) * rows);
}
