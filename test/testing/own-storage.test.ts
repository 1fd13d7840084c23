import { SqliteStorage } from "../../examples/own-storage/sqlite-storage.ts";
import { testStorage } from "./storage.ts";

testStorage("a user's own storage", () => new SqliteStorage(":memory:"));
