import type { Capabilities } from "../../contracts/storage.ts";
import { csvReadOptions } from "./options.ts";

/** What the csv storage can do. */
export const csvCapabilities: Capabilities = {
  modes: ["replace", "append", "upsert"],
  readOptions: [
    "columns",
    "from",
    "to",
    "timeColumn",
    "nullTimes",
    "limit",
    "schema",
    "signal",
    "batchRows",
    ...csvReadOptions,
  ],
  saveOptions: [
    "mode",
    "key",
    "schema",
    "timeColumn",
    "schemaChange",
    "signal",
    "onProgress",
    "backup",
    "run",
    "escapeFormulas",
  ],
  keepsRowOrder: true,
  shared: false,
};
