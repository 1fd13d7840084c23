import type { Capabilities } from "../../contracts/storage.ts";

/** What the temp storage can do. */
export const tempCapabilities: Capabilities = {
  modes: ["replace", "append", "upsert"],
  readOptions: ["columns", "from", "to", "timeColumn", "nullTimes", "limit", "schema", "signal", "batchRows"],
  saveOptions: ["mode", "key", "schema", "timeColumn", "schemaChange", "signal", "onProgress", "backup", "run"],
  keepsRowOrder: true,
  shared: false,
};
