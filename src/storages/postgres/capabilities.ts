import type { SaveOptions } from "../../contracts/save-options.ts";

/** Save options of postgres: those of every storage, and its own. */
export type PostgresSaveOptions = (SaveOptions | InsertOnly) & {
  /** Keeps the order of rows in a column of its own, `millrace_row`, which reads leave out and go by. */
  keepOrder?: boolean;
  /** Lets a column become text where its type and the frame's have no other type in common. */
  widenToText?: boolean;
};

/** Adds rows whose key the table has not; those that are there are left alone. */
type InsertOnly = Omit<SaveOptions, "mode" | "key"> & {
  mode: "insertOnly";
  key: readonly [string, ...string[]];
};

/** What the postgres storage can do. */
export const postgresCapabilities = {
  modes: ["replace", "append", "upsert", "insertOnly"],
  readOptions: ["columns", "from", "to", "timeColumn", "nullTimes", "limit", "schema", "signal", "batchRows"],
  saveOptions: [
    ...["mode", "key", "schema", "timeColumn", "schemaChange", "signal", "onProgress", "backup", "run"],
    ...["keepOrder", "widenToText"],
  ],
  keepsRowOrder: false,
  shared: true,
} as const;

/** What options are checked against. */
export const postgresRules = { type: "postgres", capabilities: postgresCapabilities };
