import type { SaveOptions } from "../../contracts/save-options.ts";

/** Save options of postgres alone, besides those of every storage. */
export type PostgresSaveOptions = SaveOptions & {
  /** Keeps the order of rows in a column of its own, `millrace_row`, which reads leave out and go by. */
  keepOrder?: boolean;
};

/** What the postgres storage can do. */
export const postgresCapabilities = {
  modes: ["replace", "append", "upsert"],
  readOptions: ["columns", "from", "to", "timeColumn", "limit", "schema", "signal", "batchRows"],
  saveOptions: ["mode", "key", "schema", "timeColumn", "schemaChange", "signal", "onProgress", "backup", "keepOrder"],
  keepsRowOrder: false,
  shared: true,
} as const;

/** What options are checked against. */
export const postgresRules = { type: "postgres", capabilities: postgresCapabilities };
