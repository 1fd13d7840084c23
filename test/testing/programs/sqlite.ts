import { SqliteStorage } from "../../../examples/own-storage/sqlite-storage.ts";

export const open = (path = "") => new SqliteStorage(path);
