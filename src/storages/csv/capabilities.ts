import type { Capabilities } from "../../contracts/storage.ts";

/** What the csv storage can do. */
export const csvCapabilities: Capabilities = {
  modes: ["replace", "append", "upsert"],
  readOptions: ["columns", "from", "to", "timeColumn", "limit", "schema", "signal", "batchRows"],
  saveOptions: ["mode", "key", "schema", "timeColumn", "schemaChange", "signal", "onProgress", "backup"],
  keepsRowOrder: true,
  shared: false,
};
