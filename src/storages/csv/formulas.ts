import type { SaveOptions } from "../../contracts/save-options.ts";
import { ConfigError } from "../../errors.ts";
import { exactColumns } from "../../frame/access.ts";
import type { FrameContent } from "../frame-saver.ts";

/** How a CSV file is saved. */
export type CsvSaveOptions = SaveOptions & {
  /**
   * Puts an apostrophe in front of texts that a spreadsheet would run as formulas: those that begin with `=`, `+`, `-`, `@`, a tab or a
   * carriage return. They come back with it. Default false: every text is written as it is.
   */
  escapeFormulas?: boolean;
};

/** @throws ConfigError */
export function assertFormulas({ escapeFormulas }: CsvSaveOptions): void {
  if (escapeFormulas === undefined || typeof escapeFormulas === "boolean") return;
  throw new ConfigError(`escapeFormulas is true or false, not ${JSON.stringify(escapeFormulas)}.`, { storage: "csv" });
}

/** The rows with formulas made plain texts; names of columns stay as they are. */
export function withoutFormulas(content: FrameContent): FrameContent {
  const texts = content.schema.fields.filter(({ type }) => type === "string").map(({ name }) => name);
  if (texts.length === 0) return content;
  const escaped = exactColumns(texts).map((column) => column.str.replace("^([=+@\\t\\r-])", "'$" + "{1}"));
  return { ...content, rows: content.rows.withColumns(...escaped) };
}
