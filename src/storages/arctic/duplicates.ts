import { SchemaError } from "../../errors.ts";
import { exactColumn, heightOf, lazyOf } from "../../frame/access.ts";
import { type LazyDataFrame, pl } from "../../frame/polars.ts";
import type { FrameContent } from "../frame-saver.ts";
import type { ArcticSaveOptions } from "./options.ts";

/** Rows sorted by their time, those of one time in the order in which they stand. In memory. */
export async function sortedBy(rows: LazyDataFrame, time: string): Promise<LazyDataFrame> {
  return lazyOf(await rows.sort({ by: exactColumn(time), maintainOrder: true }).collect());
}

/**
 * The frame without rows of a time that others have, by the rule of `onDuplicate`.
 *
 * @throws SchemaError with the first such row when the rule is `error`.
 */
export async function withoutDuplicates(
  frame: string,
  content: FrameContent,
  time: string,
  rule: ArcticSaveOptions["onDuplicate"],
): Promise<FrameContent> {
  if (rule === undefined || rule === "keep") return content;
  const twice = exactColumn(time).isDuplicated();
  const found = await content.rows
    .select(twice.any().alias("any"), twice.cast(pl.Int8).argMax().alias("first"))
    .collect();
  if (found.row(0)[0] !== true) return content;
  if (rule === "error") {
    throw new SchemaError(`Row ${Number(found.row(0)[1]) + 1} has a time in "${time}" that another row has, too.`, {
      storage: "arctic",
      frame,
      hint: 'Mend the frame, or save with onDuplicate: "first", "last" or "keep".',
    });
  }
  const kept = await content.rows.unique({ subset: [time], keep: rule, maintainOrder: true }).collect();
  return { ...content, rows: lazyOf(kept), height: heightOf(kept) };
}
