import { TempStorage } from "../../src/storages/temp/index.ts";
import { testStorage } from "./storage.ts";

testStorage("temp", (context) => new TempStorage(context));
