import { CsvStorage } from "../../src/storages/csv/index.ts";
import { testStorage } from "./storage.ts";

testStorage("csv", (context) => new CsvStorage(context));
