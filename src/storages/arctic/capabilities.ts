import type { Capabilities } from "../../contracts/storage.ts";

/** What the arctic storage can do; `shared` depends on where ArcticDB's data lies. */
export function arcticCapabilities(shared: boolean) {
  return {
    modes: ["replace", "append", "upsert", "replaceRange"],
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
      "asOf",
      "aggregate",
    ],
    saveOptions: [
      ...["mode", "key", "schema", "timeColumn", "schemaChange", "sort", "onDuplicate"],
      ...["signal", "onProgress", "backup", "run"],
    ],
    keepsRowOrder: true,
    shared,
  } as const satisfies Capabilities;
}

/** What options are checked against. */
export interface ArcticRules {
  readonly type: "arctic";
  readonly capabilities: Capabilities;
}
