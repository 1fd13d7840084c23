import { SqliteStorage } from "../../../examples/own-storage/sqlite-storage.ts";

export const open = (path = "") => {
  const storage = new SqliteStorage(path);
  // The kit saves with a key, which every storage of the framework takes.
  return Object.assign(storage, {
    capabilities: { ...storage.capabilities, saveOptions: [...storage.capabilities.saveOptions, "key"] },
  });
};
