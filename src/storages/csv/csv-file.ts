import { CorruptDataError } from "../../errors.ts";
import type { CsvFormat } from "./names.ts";
import type { CsvEncoding } from "./options.ts";

/** A file to read, and for whom. */
export interface CsvFile {
  path: string;
  /** Name of the frame, for errors. */
  frame: string;
  format: CsvFormat;
  encoding?: CsvEncoding | undefined;
  signal?: AbortSignal | undefined;
}

/** How much is read at once. */
export const chunkBytes = 1 << 20;

/** An error of a file's content. */
export function corrupt({ frame }: Pick<CsvFile, "frame">, what: string, hint: string): CorruptDataError {
  return new CorruptDataError(`${frame} ${what}.`, { storage: "csv", frame, hint });
}
