import type { DeclaredSchema } from "./frame-schema.ts";
import type { RunMark } from "./run-mark.ts";

/** `replace` puts the frame in place of the old one, `append` adds its rows, `upsert` replaces rows by key and adds the others. */
export type SaveMode = "replace" | "append" | "upsert";

/** How far a save has come. */
export interface SaveProgress {
  /** Rows written so far. */
  rows: number;
  /** Rows in all, where they are known. */
  totalRows?: number;
}

type KeyColumns = readonly [string, ...string[]];

/** How to save. The defaults are `mode: "replace"` and `schemaChange: "evolve"`. */
export type SaveOptions = (
  | {
      /** Whether the frame takes the place of what stands there (`replace`, the default), or its rows are added. `upsert` needs a `key`. */
      mode?: "replace" | "append";
      /** The columns by which rows are one and the same; kept with the frame. */
      key?: KeyColumns;
    }
  | { mode: "upsert"; key: KeyColumns }
) & {
  /** The columns' declared types, such as a `frameSchema(…)`; a frame that differs is a SchemaError. */
  schema?: DeclaredSchema;
  /** The column that holds each row's time; kept with the frame. */
  timeColumn?: string;
  /** `evolve` adds new columns and fills missing ones with null; `freeze` refuses any difference. */
  schemaChange?: "evolve" | "freeze";
  /** Ends the save and undoes it; the promise rejects with the signal's reason. */
  signal?: AbortSignal;
  /** Called from time to time while rows are written. */
  onProgress?: (progress: SaveProgress) => void;
  /** The piece of work of a pipeline's run that saves; kept with the data. An append that was done already under it is not done again. */
  run?: RunMark;
};
