import { ArcticStorage } from "../../src/storages/arctic/index.ts";
import { testStorage } from "./storage.ts";

testStorage("arctic", (context) => new ArcticStorage(context));
