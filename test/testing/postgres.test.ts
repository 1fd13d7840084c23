import { PostgresStorage } from "../../src/storages/postgres/index.ts";
import { testStorage } from "./storage.ts";

testStorage("postgres", (context) => new PostgresStorage(context));
