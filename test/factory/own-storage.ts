import type { IStorage } from "../../src/contracts/storage.ts";

const capabilities = {
  modes: ["replace"],
  readOptions: [],
  saveOptions: [],
  keepsRowOrder: true,
  shared: false,
} as const;

/** A user's storage that can only be read, and counts how often it was closed. */
export function readOnlyStorage(type = "sensor") {
  const calls = { closed: 0 };
  const storage: IStorage = {
    type,
    capabilities,
    source: () => ({
      getData: () => Promise.reject(new Error("nothing here")),
      listSources: async () => ["a"],
      healthCheck: async () => true,
    }),
    async close() {
      await new Promise(setImmediate);
      calls.closed += 1;
    },
  };
  return { storage, calls };
}
