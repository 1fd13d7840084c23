import type { Field } from "apache-arrow";
import { FidelityError } from "../../../errors.ts";
import type { Mapping } from "../types.ts";

/** A column of a table on its way into a frame. */
export interface DecodedColumn {
  readonly name: string;
  readonly mapping: Mapping;
  /** As it stands in the batches: texts for what becomes its own type later. */
  readonly field: Field;
}

/** A value that the column's type in the frame can't hold. */
export class Misfit extends FidelityError {
  readonly column: string;

  /** @param row counted from 0; null when it is not known. */
  constructor(column: string, row: number | null, what: string, frame: string) {
    super(`Column "${column}"${row === null ? "" : `, row ${row + 1},`} holds ${what}.`, {
      storage: "postgres",
      frame,
      hint: "Read that column as text: schema with the type string for it.",
    });
    this.column = column;
  }
}
